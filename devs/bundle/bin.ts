/** A plain image of a flash, from its first byte on: what esptool writes. */
const SECTOR = 4096

/**
 * @returns the image with data put in
 * @throws when the firmware has something there
 */
export function putInto(
    image: Uint8Array,
    address: number,
    data: Uint8Array,
): Uint8Array {
    const end = Math.max(image.length, address + data.length)
    const whole = new Uint8Array(Math.ceil(end / SECTOR) * SECTOR).fill(0xff)
    whole.set(image)
    const there = whole.subarray(address, address + data.length)
    if (!there.every(b => b === 0 || b === 0xff))
        throw new Error(
            `the firmware has something at 0x${address.toString(16)}, ` +
                `where board and program go`,
        )
    whole.set(data, address)
    return whole
}
