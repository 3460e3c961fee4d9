/** What a pointer leads to, told behind its value: `0xffff800000123000 → object 17 of the 96-byte class, live`. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Awareness } from './awareness.ts';
import { addressOf } from './memory.ts';

const ADDRESS = /^0x[0-9a-f]{1,16}$/i;
const POINTER_TYPE = /\*\s*(?:const|volatile)?\s*$/;

/** The answer with what its address leads to; as it is for what is no address, and for a kernel that is not known. */
export async function identified<Answer extends DebugProtocol.EvaluateResponse['body']>(
  answer: Answer,
  expression: string,
  awareness: Awareness | undefined,
): Promise<Answer> {
  const address = addressIn(answer, expression.trim());
  if (address === undefined || awareness?.kernel === undefined) {
    return answer;
  }
  try {
    const { kind, description } = await awareness.observation.identify(Number(BigInt.asIntN(64, addressOf(address))));
    // gdb has told the symbol.
    const isTold = kind === 'symbol' && answer.result.includes('<');
    return isTold ? answer : { ...answer, result: `${answer.result} → ${description}` };
  } catch {
    return answer;
  }
}

/** An address that was typed, or a pointer's; null leads nowhere. */
function addressIn({ result, type }: DebugProtocol.EvaluateResponse['body'], expression: string): string | undefined {
  if (ADDRESS.test(expression)) {
    return expression;
  }
  const address = POINTER_TYPE.test(type ?? '') ? /^0x[0-9a-f]+/i.exec(result)?.[0] : undefined;
  return address === undefined || BigInt(address) === 0n ? undefined : address;
}
