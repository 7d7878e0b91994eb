/** Two boards meet: what they tell each other, and who serves what then. */
import assert from "node:assert/strict"
import { before, describe, mock, test } from "node:test"
import fc from "fast-check"
import type { Port } from "../../../src/iscsi/port.ts"
import {
    bytes,
    newBoard,
    useDeviceScript,
    zeros,
} from "../../support/devicescript.ts"
import { header, withDigest, withProof } from "../../support/linkframe.ts"

const portsUrl = new URL("../../support/portlist.ts", import.meta.url).href
useDeviceScript({ "pair/ports": portsUrl })
const { served } = await import("../../support/portlist.ts")
const { makeVolume, Mode } = await import("../../../src/store/volume.ts")
const { VolumeFlag } = await import("../../../src/wire/card.ts")
const link = await import("../../../src/wire/link.ts")

// the console tells of each meeting
before(() => void mock.method(console, "log", () => {}))

const PAIR = 0x11223344
const BLOCKS = 65536
const names = ["iqn.2026-11.com.example:x.a", "iqn.2026-11.com.example:x.b"]

/** What a card says of a volume. */
interface Copy {
    epoch: number
    flags: number
}

function identityOf(index: number) {
    const id = zeros(96)
    id[link.ID_IP + 3] = 11 + index
    id[link.ID_NAME_LENGTH] = names[index].length
    id.blitAt(link.ID_NAME, names[index], 0, 96)
    return id
}

/** A board that has started, with the volumes of its card. */
async function start(index: number, copies: Copy[], pair = PAIR) {
    const tag = newBoard()
    const load = (module: string) => import(`../../../src/${module}.ts${tag}`)
    const pairing: typeof import("../../../src/pair/pair.ts") =
        await load("pair/pair")
    const meeting: typeof import("../../../src/pair/meeting.ts") =
        await load("pair/meeting")
    const { HOME_KB, makePort }: typeof import("../../../src/iscsi/port.ts") =
        await load("iscsi/port")
    const net: typeof import("../../../src/net/out.ts") = await load("net/out")
    const { out } = await load("net/frames")
    const { DATA } = await load("drivers/w5500")
    const { initSuperblock } = await load("store/superblock")
    const { beginMap }: typeof import("../../../src/store/dirtymap.ts") =
        await load("store/dirtymap")

    const pin = { setMode() {} }
    const ports: Port[] = ["home", "partner"].map(n =>
        makePort(n, pin, pin, HOME_KB),
    )
    const volumes = copies.map((copy, i) =>
        Object.assign(makeVolume(i), { blocks: BLOCKS, isSaved: true }, copy),
    )
    const identity = identityOf(index)
    initSuperblock(volumes, pair, index)
    const mirroring = volumes.map(v => v.mirroring)
    const settings = {
        index,
        pair,
        blocks: BLOCKS,
        key: zeros(link.KEY_SIZE),
        user: "",
        secret: "",
        mirroring,
        identity,
    }
    pairing.startPair(settings, volumes, ports)
    pairing.endStart()
    return {
        ports,
        volumes,
        beginMap,
        servePair: pairing.servePair,
        /** Whether there is something to be decided. */
        isDue: () => pairing.pairIsDue,
        takeHello: meeting.takeHello,
        /** The frame with which it introduces itself. */
        hello(): Buffer {
            meeting.linkUp()
            const frame = out.slice(DATA, DATA + net.outLength)
            net.dropOut()
            return frame
        },
    }
}

type Board = Awaited<ReturnType<typeof start>>

/** Both say who they are, and decide. */
async function meet(a: Board, b: Board) {
    const [fromA, fromB] = [a.hello(), b.hello()]
    assert.equal(b.takeHello(fromA, link.LINK_HEADER), undefined)
    assert.equal(a.takeHello(fromB, link.LINK_HEADER), undefined)
    for (const board of [a, b]) {
        assert(board.isDue())
        assert(await board.servePair())
    }
}

test("HELLO tells who a board is, and what its card says", async () => {
    const board = await start(1, [
        { epoch: 3, flags: VolumeFlag.Active },
        { epoch: 0x01020304, flags: VolumeFlag.Alone },
    ])
    board.beginMap(board.volumes[1], 5)
    const frame = board.hello().toString("hex")
    const words = [
        header("01 01 0000 00000000 00000000"), // HELLO, board b
        "08 01 10 00", // version, board, blocks to mirror into
        "44332211", // pair
        "........", // a number that is new with each start
        "00000000",
        "03000000 01000000 00000100 00000000", // volume a
        "04030201 02000000 00000100 00000000", // volume b
        identityOf(1).toString("hex"),
        "00000000", // volume a's map is of another epoch
        "05000000", // volume b has all of epoch 5
        "[0-9a-f]{64}", // proof of the key
        "00".repeat(224 - 152 - 32),
        "[0-9a-f]{64}",
    ]
    assert.match(frame, new RegExp(`^${words.join("").replace(/ /g, "")}$`))
    assert.equal(frame.slice(32), withProof(frame.slice(32)))
})

describe("a partner is refused", () => {
    const whole = { epoch: 1, flags: 0 }
    /** @param change at which byte of HELLO, and to what */
    async function refusal(at: number, change: string) {
        const a = await start(0, [whole, whole])
        const b = await start(1, [whole, whole])
        const payload = b.hello().slice(link.LINK_HEADER)
        payload.blitAt(at, bytes(change), 0, 4)
        const why = a.takeHello(bytes(withProof(payload.toString("hex"))), 0)
        assert(!a.isDue(), "nothing is to be decided")
        return why
    }
    for (const [what, at, change, why] of [
        ["of another version", 0, "01", /version/],
        ["of another pair", 4, "44332212", /not our partner/],
        ["with our own name", 1, "00", /one name/],
        ["that mirrors fewer blocks", 2, "08", /pool/],
        ["with another size of a volume", 16 + 8, "01000100", /size/],
        ["with another size of the other", 32 + 8, "00000200", /size/],
        ["that mirrors in another way", 16 + 12, "00010000", /another way/],
        ["that mirrors the other not", 32 + 12, "00020000", /another way/],
    ] as const)
        test(what, async () =>
            assert.match((await refusal(at, change)) ?? "", why),
        )
})

test("a partner that does not know the pair's key is refused", async () => {
    const whole = { epoch: 1, flags: 0 }
    const a = await start(0, [whole, whole])
    const b = await start(1, [whole, whole])
    const payload = b.hello().slice(link.LINK_HEADER).toString("hex")
    const take = (hex: string) => a.takeHello(bytes(hex), 0) ?? ""
    assert.match(take(withProof(payload, "01".repeat(32))), /another key/)
    const unproved =
        payload.slice(0, 304) + "00".repeat(32) + payload.slice(368)
    assert.match(take(withDigest(unproved)), /another key/)
    assert(!a.isDue(), "nothing is to be decided")
    assert.equal(take(withProof(payload)), "")
})

test("a HELLO of which any bit came wrong is refused", async () => {
    const whole = { epoch: 1, flags: 0 }
    const a = await start(0, [whole, whole])
    const b = await start(1, [whole, whole])
    const payload = b.hello().slice(link.LINK_HEADER)
    // the version is looked at first
    for (let at = 1; at < payload.length; at++)
        for (const bit of [0, 3, 7]) {
            const spoilt = payload.slice()
            spoilt[at] = spoilt[at] ^ (1 << bit)
            assert.equal(a.takeHello(spoilt, 0), "damaged frame", `byte ${at}`)
        }
    assert(!a.isDue(), "nothing is to be decided")
    assert.equal(a.takeHello(payload, 0), undefined)
})

const copy = fc.record({
    epoch: fc.oneof(fc.integer({ min: 1, max: 3 }), fc.nat(0xfffffff0)),
    flags: fc.nat(7),
})
const card = fc.tuple(copy, copy)

test("whatever two cards say, each volume is served once, by its newest copy", () =>
    fc.assert(
        fc.asyncProperty(card, card, async (onA, onB) => {
            served.clear()
            const a = await start(0, onA)
            const b = await start(1, onB)
            await meet(a, b)
            for (const i of [0, 1]) {
                const home = [a, b][i]
                const mirror = [b, a][i]
                const [own, other] = [home, mirror].map(x => x.volumes[i])
                const before = [[onA, onB][i][i], [onB, onA][i][i]]
                const newer = Math.max(before[0].epoch, before[1].epoch)

                const modes = `${Mode[own.mode]} ${Mode[other.mode]}`
                if (modes === "Mirrored Mirror") {
                    // in step, and nothing was under way
                    assert.equal(before[0].epoch, before[1].epoch)
                    const flags = before[0].flags | before[1].flags
                    const differ = VolumeFlag.Active | VolumeFlag.Outdated
                    assert.equal(flags & differ, 0)
                    assert.equal(own.epoch, before[0].epoch)
                } else if (modes === "Waiting Waiting") {
                    // both went on alone, from nobody knows where
                    const flags = before[0].flags & before[1].flags
                    assert(flags & VolumeFlag.Alone)
                } else {
                    const isHome = modes === "Alone Waiting"
                    assert(isHome || modes === "Waiting Alone", modes)
                    const [serving, is] = isHome ? [own, 0] : [other, 1]
                    assert.equal(before[is].epoch, newer)
                    assert.equal(serving.epoch, newer + 1)
                    assert(serving.flags & VolumeFlag.Alone)
                    assert(!(serving.flags & VolumeFlag.Outdated))
                    assert(!serving.isSaved, "no write may be acknowledged yet")
                }
                const isAt = (board: Board) =>
                    board.ports.some(
                        p => served.has(p) && p.target === names[i],
                    )
                assert.equal(isAt(home), !modes.startsWith("Waiting"))
                assert.equal(isAt(mirror), modes === "Waiting Alone")
            }
        }),
        { seed: 15, numRuns: 25 },
    ))
