/** Asks on the terminal for what nobody is to see. */
export async function askHidden(message: string): Promise<string> {
  // Loaded here, since few are asked.
  const { default: password } = await import('@inquirer/password')
  return await password({ message, mask: '*' }, { output: process.stderr })
}
