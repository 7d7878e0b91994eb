/**
 * PDUs, logins and CDBs as nobody should send them, from a seed. Half of them
 * are good ones with a few bytes changed: those get furthest.
 */
import { encodeText, header, NO_TAG } from "./pdu.ts"
import type { Random } from "../sim/random.ts"

const INTERESTING = [0, 1, 2, 3, 4, 47, 48, 49, 127, 128, 254, 255]
const OPCODES = [0, 1, 2, 3, 4, 5, 6, 0x10, 0x1c, 0x20, 0x21, 0x25, 0x31, 0x3f]
const WRITES = [0x0a, 0x2a, 0xaa, 0x8a]
const CDB = 32
const EXPECTED_LENGTH = 20
/** Blocks from here on belong to hosts that behave. */
export const SAFE_LBA = 40_000

function byte(random: Random) {
    return random.chance(0.5) ? random.pick(INTERESTING) : random.int(0, 255)
}

/** Changes a few bytes. */
function mutate(random: Random, pdu: Buffer, from = 0) {
    const count = random.int(1, 4)
    for (let i = 0; i < count; i++)
        pdu[random.int(from, pdu.length - 1)] = byte(random)
    return pdu
}

/** First bytes of characters of two, three and four. */
const BEGINNINGS = [0xc3, 0xe2, 0xf0]

/** Some keys and values end within a character. */
function cutCharacters(random: Random, text: Buffer) {
    for (let at = 1; at < text.length; at++)
        if ((text[at] === 0x3d || text[at] === 0) && random.chance(0.3))
            text[at - 1] = random.pick(BEGINNINGS)
}

/** The header's data length, and data that may be of another. */
function withData(bhs: Buffer, data: Buffer) {
    bhs.writeUIntBE(data.length, 5, 3)
    const pad = Buffer.alloc(-data.length & 3)
    return Buffer.concat([bhs, data, pad])
}

/** A write that would go where others write goes somewhere else. */
function keepOff(cdb: Buffer) {
    if (!WRITES.includes(cdb[0])) return
    if (cdb[0] === 0x0a) cdb[1] &= 0xe0
    // the low half of the address stays under 2^15
    const low = cdb[0] === 0x8a ? 8 : cdb[0] === 0x0a ? 2 : 4
    cdb[low] &= 0x7f
}

export class Malformed {
    constructor(private readonly random: Random) {}

    /** Login requests, from nearly good to noise. */
    login(target: string): Buffer {
        const { random } = this
        const keys: Record<string, string | number> = {
            InitiatorName: random.pick([
                "iqn.2026-11.com.example:fuzz",
                "iqn.2026-11.com.example:fuzz",
                "n".repeat(223),
                "n".repeat(224),
                "é".repeat(60),
            ]),
            TargetName: target,
            SessionType: random.pick(["Normal", "Discovery", "normal", ""]),
            AuthMethod: random.pick([
                "None",
                "CHAP",
                "CHAP,None",
                "x".repeat(300),
            ]),
            HeaderDigest: random.pick(["None", "CRC32C", "", ","]),
            MaxRecvDataSegmentLength: random.pick([
                "512",
                "0",
                "-1",
                "0x10",
                "16777216",
                "99999999999",
                "1e3",
            ]),
            FirstBurstLength: random.pick(["512", "513", "0", "abc"]),
            InitialR2T: random.pick(["Yes", "No", "yes", "1"]),
            ["X-" + "k".repeat(random.int(1, 80))]: "v".repeat(
                random.int(0, 300),
            ),
        }
        for (const k of Object.keys(keys))
            if (random.chance(0.3)) delete keys[k]
        let text = encodeText(keys)
        if (random.chance(0.3))
            text = text.subarray(0, random.int(0, text.length))
        if (random.chance(0.3) && text.length) mutate(random, text)
        if (random.chance(0.3)) cutCharacters(random, text)
        const stages = random.pick([
            0x87, 0x81, 0x83, 0x87, 0x40, 0x04, 0x8c, 0xff,
        ])
        const bhs = header(0x43, stages, random.int(0, 9))
        bhs.write("402a545700ff", 8, "hex")
        const pdu = withData(bhs, text)
        return random.chance(0.5) ? mutate(random, pdu) : pdu
    }

    /** A PDU of a session's full feature phase. */
    pdu(cmdSn: number): Buffer {
        const { random } = this
        const op = random.chance(0.9) ? random.pick(OPCODES) : byte(random)
        const bhs = header(
            op | (random.chance(0.3) ? 0x40 : 0),
            byte(random),
            random.chance(0.1) ? NO_TAG : random.int(0, 20),
        )
        for (let at = 20; at < 48; at++)
            if (random.chance(0.5)) bhs[at] = byte(random)
        if (random.chance(0.2)) bhs[4] = byte(random)
        bhs.writeUInt32BE(
            (cmdSn + random.pick([0, 0, 0, 1, -1, 1000])) >>> 0,
            24,
        )
        if (op === 1) this.command(bhs)
        const data = Buffer.from(
            random.bytes(random.pick([0, 0, 1, 48, 511, 512, 4096, 5000])),
        )
        const pdu = withData(bhs, data)
        if (random.chance(0.1)) mutate(random, pdu, CDB)
        if ((pdu[0] & 0x3f) === 1) keepOff(pdu.subarray(CDB, CDB + 16))
        return pdu
    }

    /** A command with a CDB of any kind, that is announced truly or not. */
    private command(bhs: Buffer) {
        const { random } = this
        bhs[1] = random.pick([0x80, 0xa0, 0xc0, 0x20, 0xe0, 0])
        bhs.writeUInt32BE(
            random.pick([0, 512, 4096, 0xffffffff, 255]),
            EXPECTED_LENGTH,
        )
        this.cdb().copy(bhs, CDB)
    }

    /** A command descriptor block. */
    cdb(): Buffer {
        const { random } = this
        const cdb = Buffer.from(random.bytes(16))
        if (random.chance(0.8))
            cdb[0] = random.pick([
                0x00, 0x03, 0x08, 0x0a, 0x12, 0x1a, 0x1b, 0x25, 0x28, 0x2a,
                0x2f, 0x35, 0x4d, 0x5a, 0x5e, 0x88, 0x8a, 0x8f, 0x91, 0x9e,
                0xa0, 0xa8, 0xaa, 0xaf,
            ])
        for (let at = 1; at < 16; at++) if (random.chance(0.6)) cdb[at] = 0
        keepOff(cdb)
        return cdb
    }
}
