/** DAP requests by name, each with its arguments and the body of its answer: handlers are typed by this table. */
import type { DebugProtocol as Dap } from '@vscode/debugprotocol';
import type { AttachArguments, CustomRequests, LaunchArguments } from '../protocol.ts';

/** An answer without a body. */
// biome-ignore lint/suspicious/noConfusingVoidType: a handler that returns nothing is what is meant
type Nothing = void;

export interface Requests extends CustomRequests {
  initialize: [Dap.InitializeRequestArguments, Dap.Capabilities];
  launch: [LaunchArguments, Nothing];
  attach: [AttachArguments, Nothing];
  configurationDone: [Dap.ConfigurationDoneArguments, Nothing];
  restart: [Dap.RestartArguments, Nothing];
  terminate: [Dap.TerminateArguments, Nothing];
  disconnect: [Dap.DisconnectArguments, Nothing];

  setBreakpoints: [Dap.SetBreakpointsArguments, Dap.SetBreakpointsResponse['body']];
  setFunctionBreakpoints: [Dap.SetFunctionBreakpointsArguments, Dap.SetFunctionBreakpointsResponse['body']];
  setInstructionBreakpoints: [Dap.SetInstructionBreakpointsArguments, Dap.SetInstructionBreakpointsResponse['body']];
  setExceptionBreakpoints: [Dap.SetExceptionBreakpointsArguments, Nothing];
  exceptionInfo: [Dap.ExceptionInfoArguments, Dap.ExceptionInfoResponse['body']];

  continue: [Dap.ContinueArguments, Dap.ContinueResponse['body']];
  pause: [Dap.PauseArguments, Nothing];
  next: [Dap.NextArguments, Nothing];
  stepIn: [Dap.StepInArguments, Nothing];
  stepOut: [Dap.StepOutArguments, Nothing];

  threads: [object, Dap.ThreadsResponse['body']];
  stackTrace: [Dap.StackTraceArguments, Dap.StackTraceResponse['body']];
  scopes: [Dap.ScopesArguments, Dap.ScopesResponse['body']];
  variables: [Dap.VariablesArguments, Dap.VariablesResponse['body']];
  setVariable: [Dap.SetVariableArguments, Dap.SetVariableResponse['body']];
  evaluate: [Dap.EvaluateArguments, Dap.EvaluateResponse['body']];
  setExpression: [Dap.SetExpressionArguments, Dap.SetExpressionResponse['body']];
  completions: [Dap.CompletionsArguments, Dap.CompletionsResponse['body']];

  disassemble: [Dap.DisassembleArguments, NonNullable<Dap.DisassembleResponse['body']>];
  readMemory: [Dap.ReadMemoryArguments, NonNullable<Dap.ReadMemoryResponse['body']>];
  writeMemory: [Dap.WriteMemoryArguments, NonNullable<Dap.WriteMemoryResponse['body']>];
}

/**
 * A family of requests. A handler that throws answers with the error's message: one sentence for the user.
 * Arguments come from outside: their fields may be missing or of another type than they should be.
 */
export type Handlers<Command extends keyof Requests> = {
  [C in Command]: (given: Requests[C][0]) => Promise<Requests[C][1]>;
};
