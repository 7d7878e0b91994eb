/**
 * As much of the Jacdac protocol as commands to a board need: frames with one
 * packet each. https://microsoft.github.io/jacdac-docs/reference/protocol/
 */

import { OPERATOR_RUN, OPERATOR_SERVICE } from "../../src/wire/operator.ts"

const FRAME_FLAG_COMMAND = 1
const CMD_ANNOUNCE = 0
const SETTINGS_CLASS = 0x1107dc4a
const SETTINGS_CMD_SET = 0x81

/** CRC-16-CCITT as Jacdac computes it, over everything behind the CRC. */
export function crc16(data: Uint8Array) {
    let crc = 0xffff
    for (const byte of data) {
        let x = (crc >> 8) ^ byte
        x ^= x >> 4
        crc = ((crc << 8) ^ (x << 12) ^ (x << 5) ^ x) & 0xffff
    }
    return crc
}

/**
 * @param deviceId 16 hex digits, of the device that shall obey
 * @param payload at most 232 bytes
 */
export function commandFrame(
    deviceId: string,
    serviceIndex: number,
    command: number,
    payload: Uint8Array,
): Uint8Array {
    const packet = (4 + payload.length + 3) & ~3
    const f = Buffer.alloc(12 + packet)
    f[2] = packet
    f[3] = FRAME_FLAG_COMMAND
    Buffer.from(deviceId, "hex").copy(f, 4)
    f[12] = payload.length
    f[13] = serviceIndex
    f.writeUInt16LE(command, 14)
    f.set(payload, 16)
    f.writeUInt16LE(crc16(f.subarray(2)), 0)
    return f
}

/** What tells the program's device from the one that is the VM (`jdiface.c`). */
const PROGRAM_DEVICE = Buffer.from("f8531b75a74922db", "hex")

/**
 * The device that services of the program itself belong to.
 * @param deviceId of the VM, 16 hex digits
 */
export function programDeviceId(deviceId: string): string {
    const id = Buffer.from(deviceId, "hex")
    for (let i = 0; i < id.length; i++) id[i] ^= PROGRAM_DEVICE[i]
    return id.toString("hex")
}

/**
 * The frame that orders a command: services/operator.md.
 * @param deviceId of the VM, 16 hex digits
 */
export function operatorFrame(deviceId: string, command: string): Uint8Array {
    return commandFrame(
        programDeviceId(deviceId),
        OPERATOR_SERVICE,
        OPERATOR_RUN,
        Buffer.from(command),
    )
}

/** The service classes in a device's announcement, by service index. */
export function announcedServices(f: Uint8Array): number[] | undefined {
    const b = Buffer.from(f)
    if (b.length < 20 || b[3] & FRAME_FLAG_COMMAND) return undefined
    if (b[13] !== 0 || b.readUInt16LE(14) !== CMD_ANNOUNCE) return undefined
    const services = [0]
    for (let at = 20; at + 4 <= 16 + b[12]; at += 4)
        services.push(b.readUInt32LE(at))
    return services
}

/** The frame that writes one setting, through the settings service. */
export function settingFrame(
    deviceId: string,
    services: number[],
    key: string,
    value: unknown,
): Uint8Array {
    const payload = Buffer.from(key + "\0" + JSON.stringify(value))
    const index = services.indexOf(SETTINGS_CLASS)
    if (index < 0) throw new Error("the VM announces no settings service")
    return commandFrame(deviceId, index, SETTINGS_CMD_SET, payload)
}

/** @returns whose announcement a frame is: 16 hex digits; undefined: it is none */
export function announcingDevice(f: Uint8Array): string | undefined {
    return (
        announcedServices(f) && Buffer.from(f.subarray(4, 12)).toString("hex")
    )
}
