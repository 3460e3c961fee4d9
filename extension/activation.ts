/** What an extension host's performance entries call the time that our `activate` took. */
export const ACTIVATION = 'unikernel-workbench/activate';
