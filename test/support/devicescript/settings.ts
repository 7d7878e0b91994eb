/** `@devicescript/settings`: what a board was flashed with. */

export const flashed = new Map<string, unknown>()

export async function readSetting(key: string): Promise<any> {
    return flashed.get(key)
}
