/** The cables of the W5500s, and bytes over the one between the boards. */
import * as ds from "@devicescript/core"
import { Pin } from "../board/board"
import { readPin } from "../board/bus"
import {
    close,
    connect,
    consume,
    DATA,
    listen,
    poll,
    readRx,
    SOCK_CLOSED,
    SOCK_ESTABLISHED,
    Socket,
    writeTxAndSend,
} from "../drivers/w5500"
import { ADDRESS_SIZE, setAddress } from "../drivers/w5500chip"
import { linkIp } from "../wire/link"
import { Word } from "./beat"
import { awaitCarrier } from "./carrier"
import { pause } from "./pause"
import { fail, judge, pass, skip } from "./report"
import { Tested } from "./spi"
import { ear, isBeating, say } from "./telegraph"

const LOOK_MS = 20
const PORT = 3261
/** The partner may come here later by what it waited for. */
const EXCHANGE_MS = 20000
const RECONNECT_MS = 500
const MESSAGE_BYTES = 1024

/** @param ports home and partner port */
export async function checkLan(ports: Tested[]) {
    for (let i = 0; i < ports.length; ++i) {
        const { name, isGood } = ports[i]
        if (!isGood) {
            skip(`${name}-lan`, `the ${name} W5500 comes first`)
            continue
        }
        judge(
            `${name}-lan`,
            (await awaitCarrier(ports[i].chip))
                ? ""
                : `no link at the ${name} port: look at its LAN cable, and ` +
                      "at the switch",
        )
    }
}

/** Carrier and data between the boards. */
export async function checkLink(link: Tested, index: number, fence: Pin) {
    let why = ""
    if (!link.isGood) {
        why = "the link W5500 comes first"
        // the partner shall not wait for what cannot come
        say(Word.Stopped)
    } else if (!isBeating() && readPin(fence) === 0)
        why = "the partner has no power, or is held in reset"
    if (why) skip("link-cable", why)
    else if (await awaitCarrier(link.chip)) pass("link-cable")
    else {
        why = "the link cable comes first"
        fail(
            "link-cable",
            "no link to the partner: look at the link cable, and at the " +
                "partner's link W5500",
        )
    }
    if (why) skip("link-data", why)
    else await checkData(link, index)
}

async function checkData(link: Tested, index: number) {
    await giveAddress(link, index)
    const s = link.chip.sockets[0]
    const came = await exchange(s, index)
    await close(s)
    if (came === Came.Right) pass("link-data")
    else if (came === Came.Wrong)
        fail(
            "link-data",
            "what comes over the link cable is wrong: replace the cable",
        )
    else if (!isBeating()) skip("link-data", "the partner is not heard")
    else if (ear.words[1] === Word.Stopped)
        skip("link-data", "the partner goes no further: see its console")
    else
        fail(
            "link-data",
            "link is up and nothing comes over it: is the link cable in the " +
                "partner's link port? Replace it",
        )
}

async function giveAddress({ chip }: Tested, index: number) {
    const address = Buffer.alloc(ADDRESS_SIZE)
    address.blitAt(4, hex`ff ff ff 00 02 4c 53 54 00`, 0, 9)
    address[13] = 1 + index
    address.blitAt(14, linkIp(index), 0, 4)
    await setAddress(chip, address)
}

/** What board b says, and what board a says to it. */
const SAYS = [0x61, 0x62]

function message(index: number): Buffer {
    const m = Buffer.alloc(DATA + MESSAGE_BYTES)
    m.fillAt(0, m.length, SAYS[index])
    return m
}

/** What has come from the partner. */
enum Came {
    Nothing = 0,
    Wrong,
    Right,
}

/** Board b connects, and each board sends the other a message of its own. */
async function exchange(s: Socket, index: number): Promise<Came> {
    const since = ds.millis()
    let triedAt = 0
    let hasSent = false
    while (ds.millis() - since < EXCHANGE_MS) {
        await poll(s)
        if (s.sr !== SOCK_ESTABLISHED) {
            hasSent = false
            const now = ds.millis()
            if (triedAt === 0 || now - triedAt > RECONNECT_MS) {
                triedAt = now
                await open(s, index)
            }
        } else if (!hasSent) {
            hasSent = true
            await writeTxAndSend(s, message(index), MESSAGE_BYTES)
        } else if (s.rxSize >= MESSAGE_BYTES) return await receive(s, 1 - index)
        await pause(LOOK_MS)
    }
    return Came.Nothing
}

async function open(s: Socket, index: number) {
    if (index === 1) await connect(s, PORT, linkIp(0), PORT)
    else if (s.sr === SOCK_CLOSED) await listen(s, PORT)
}

async function receive(s: Socket, from: number): Promise<Came> {
    const got = Buffer.alloc(DATA + MESSAGE_BYTES)
    await readRx(s, got, 0)
    await consume(s, MESSAGE_BYTES)
    // what was sent last shall arrive before the socket is closed
    await pause(LOOK_MS)
    const all = SAYS[from] * 0x01010101
    for (let at = DATA + 1; at < got.length - 3; at += 4)
        if (got.getAt(at, "u32") !== all) return Came.Wrong
    return Came.Right
}
