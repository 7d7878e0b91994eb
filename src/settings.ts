/** Settings of a board: who it is. Written when the board is flashed. */
import { readSetting } from "@devicescript/settings"
import { Mirroring } from "./store/volume"
import {
    ID_ADDRESS,
    ID_NAME,
    ID_NAME_LENGTH,
    ID_NAME_MAX,
    ID_PORT,
    IDENTITY_SIZE,
    KEY_SIZE,
} from "./wire/link"

/** Setting `tw.board`. */
interface BoardSetting {
    /** "a" or "b" */
    name: string
    /** the same number on both boards */
    pair: number
    /** size of each board's volume in MiB */
    mib: number
    /** of volume a and volume b: "sync" when absent, "async" or "none" */
    mirror?: string[]
}

/** Setting `tw.net`. */
interface NetSetting {
    ip: string
    mask: string
    gateway: string
    /** 12 hex digits */
    mac: string
    port: number
}

/** Setting `tw.chap`, where hosts need a secret; the same on both boards. */
interface ChapSetting {
    user: string
    secret: string
}

/** Setting `tw.target`: the iSCSI name of the board's target. */

export interface Settings {
    /** 0 for board a, 1 for board b */
    index: number
    pair: number
    /** `KEY_SIZE` bytes, the same on both boards; zeros when there is none */
    key: Buffer
    /** blocks of each volume */
    blocks: number
    /** CHAP; "" when hosts need none */
    user: string
    secret: string
    /** of each volume */
    mirroring: Mirroring[]
    /** `wire/link.ts`, IDENTITY_SIZE bytes */
    identity: Buffer
}

/** @throws Error that names the setting */
function need<T>(value: T, what: string): T {
    if (value === undefined || value === null)
        throw new Error(`setting ${what} is missing`)
    return value
}

function mirroringOf(word: string | undefined): Mirroring {
    if (!word || word === "sync") return Mirroring.Sync
    if (word === "async") return Mirroring.Async
    if (word === "none") return Mirroring.None
    throw new Error("setting tw.board.mirror: sync, async or none")
}

/** @throws Error that names the setting */
function count(value: number, what: string): number {
    if (!(need(value, what) >= 1))
        throw new Error(`setting ${what} must be a number from 1 on`)
    return value
}

/** What "0" and "." are in a text. */
const ZERO = 48
const DOT = 46

/** Without `split`, which would bring 400 bytes of code. */
function putIp(to: Buffer, at: number, text: string, what: string) {
    let parts = 0
    let n = -1 // no digit yet
    for (let i = 0; i <= text.length; ++i) {
        const c = i < text.length ? text.charCodeAt(i) : DOT
        const digit = c - ZERO
        if (digit >= 0 && digit <= 9) n = (n < 0 ? 0 : n * 10) + digit
        else if (c === DOT && n >= 0 && n <= 255 && parts < 4) {
            to[at + parts++] = n
            n = -1
        } else parts = 5
    }
    if (parts !== 4)
        throw new Error(`setting ${what} is no IPv4 address: ${text}`)
}

function identityOf(net: NetSetting, name: string): Buffer {
    const id = Buffer.alloc(IDENTITY_SIZE)
    putIp(id, ID_ADDRESS, net.gateway || "0.0.0.0", "tw.net.gateway")
    putIp(id, ID_ADDRESS + 4, net.mask || "255.255.255.0", "tw.net.mask")
    const mac = Buffer.from(need(net.mac, "tw.net.mac"), "hex")
    if (mac.length !== 6) throw new Error("setting tw.net.mac: 12 hex digits")
    id.blitAt(ID_ADDRESS + 8, mac, 0, 6)
    putIp(id, ID_ADDRESS + 14, need(net.ip, "tw.net.ip"), "tw.net.ip")
    id.setAt(ID_PORT, "u16", net.port || 3260)
    if (!(name.length <= ID_NAME_MAX))
        throw new Error(
            `setting tw.target must be a name of at most ${ID_NAME_MAX} characters`,
        )
    id[ID_NAME_LENGTH] = name.length
    id.blitAt(ID_NAME, name, 0, name.length)
    return id
}

async function readBoard(): Promise<BoardSetting> {
    const board = need<BoardSetting>(await readSetting("tw.board"), "tw.board")
    if (board.name !== "a" && board.name !== "b")
        throw new Error('setting tw.board.name must be "a" or "b"')
    return board
}

/** Setting `tw.key`: in hex. */
async function readKey(): Promise<Buffer> {
    const text: string = await readSetting("tw.key")
    const key = Buffer.alloc(KEY_SIZE)
    if (!text) return key
    const given = Buffer.from(text, "hex")
    if (given.length !== KEY_SIZE)
        throw new Error("setting tw.key: 64 hex digits")
    key.blitAt(0, given, 0, KEY_SIZE)
    return key
}

/** RFC 7143 12.1.3: 96 bits at least; more than 16 is too much for some. */
const SECRET_MIN = 12
const SECRET_MAX = 16

async function readChap(): Promise<ChapSetting> {
    const chap: ChapSetting = await readSetting("tw.chap")
    if (!chap) return { user: "", secret: "" }
    if (!(chap.user.length >= 1 && chap.user.length <= 40))
        throw new Error("setting tw.chap.user: 1 to 40 characters")
    const { length } = chap.secret
    if (!(length >= SECRET_MIN && length <= SECRET_MAX))
        throw new Error("setting tw.chap.secret: 12 to 16 characters")
    return chap
}

function indexOf(board: BoardSetting) {
    return board.name === "a" ? 0 : 1
}

/**
 * Which board this is: 0 for board a, 1 for board b.
 * @throws Error that names the setting that is missing or wrong
 */
export async function readIndex(): Promise<number> {
    return indexOf(await readBoard())
}

/** @throws Error that names the setting that is missing or wrong */
export async function readSettings(): Promise<Settings> {
    const board = await readBoard()
    const net = need<NetSetting>(await readSetting("tw.net"), "tw.net")
    const name = need<string>(await readSetting("tw.target"), "tw.target")
    const chap = await readChap()
    const mirror = board.mirror || []
    return {
        index: indexOf(board),
        key: await readKey(),
        pair: count(board.pair, "tw.board.pair"),
        blocks: count(board.mib, "tw.board.mib") * 2048,
        user: chap.user,
        secret: chap.secret,
        mirroring: [mirroringOf(mirror[0]), mirroringOf(mirror[1])],
        identity: identityOf(net, name),
    }
}
