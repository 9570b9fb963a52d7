// A reason to stop that the user can act on: told in one sentence, without a stack.

/** What a command throws when it will not go on. */
export class Refusal extends Error {}

/** Runs a command; a refusal is printed and sets the exit code, anything else is a bug of ours. */
export async function refusing(command) {
  try {
    process.exitCode = await command();
  } catch (error) {
    // An option that does not exist is the user's matter as well.
    const isUsers = error instanceof Refusal || error.code?.startsWith('ERR_PARSE_ARGS');
    if (!isUsers) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
