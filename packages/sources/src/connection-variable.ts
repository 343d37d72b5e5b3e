/** The environment variable that holds a connection's address. */
export function connectionVariable(connection: string): string {
  return `LARDER_CONNECTION_${connection.toUpperCase()}_URL`;
}
