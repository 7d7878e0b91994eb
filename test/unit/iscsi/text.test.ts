/** Text negotiation: RFC 7143 chapters 6 and 13, and RFC 7144. */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import fc from "fast-check"
import type { Conn, Negotiated } from "../../../src/iscsi/conn.ts"
import {
    bytes,
    text,
    useDeviceScript,
    zeros,
} from "../../support/devicescript.ts"

useDeviceScript()
const { lists, negotiate, putPair, sendTargets, setDefaults, valueOf } =
    await import("../../../src/iscsi/text.ts")
const conn = await import("../../../src/iscsi/conn.ts")
const { agreed, ConnFlag, FIRST_BURST, MAX_BURST, MAX_SEND } = conn

/** Pairs as they stand in a data segment. */
const segment = (...pairs: string[]) => text(pairs.map(p => p + "\0").join(""))

function defaults(): Negotiated {
    const n = zeros(32) as Negotiated
    setDefaults(n)
    return n
}

/** What was agreed on, by name. */
const words = (n: Negotiated) => ({
    maxSend: agreed(n, MAX_SEND),
    maxBurst: agreed(n, MAX_BURST),
    firstBurst: agreed(n, FIRST_BURST),
    isInitialR2t: n[conn.INITIAL_R2T] === 1,
    isImmediateData: n[conn.IMMEDIATE_DATA] === 1,
})

/** Pairs of the answer, or undefined when the text is refused. */
async function answersTo(offers: Buffer, n = defaults(), room = 1024) {
    const to = zeros(1024)
    const { length } = offers
    const end = await negotiate(n, offers, 0, length, to, 0, room, noPause)
    if (end < 0) return undefined
    const said = to.slice(0, end).toString()
    assert(said === "" || said.endsWith("\0"))
    return said.split("\0").slice(0, -1)
}

const noPause = async () => {}

const answerTo = async (offer: string) => (await answersTo(segment(offer)))?.[0]

test("what is not negotiated is as in chapter 13", () =>
    assert.deepEqual(words(defaults()), {
        maxSend: 8192,
        maxBurst: 262144,
        firstBurst: 65536,
        isInitialR2t: true,
        isImmediateData: true,
    }))

describe("an offer and its answer", () => {
    for (const [offer, answer] of [
        // lists: the first choice that both can do
        ["AuthMethod=None", "None"],
        ["AuthMethod=CHAP,None", "None"],
        ["AuthMethod=CHAP", "Reject"],
        ["HeaderDigest=None", "None"],
        ["HeaderDigest=CRC32C,None", "None"],
        ["HeaderDigest=CRC32C", "Reject"],
        ["DataDigest=CRC32C,None", "None"],
        ["DataDigest=None,CRC32C", "None"],
        [`DataDigest=${"x".repeat(250)},None`, "None"],
        [`DataDigest=${"x".repeat(255)}`, "Reject"],
        ["TaskReporting=RFC3720", "RFC3720"],
        ["TaskReporting=FastAbort,RFC3720", "RFC3720"],
        ["TaskReporting=FastAbort", "Reject"],
        // OR: 13.10
        ["InitialR2T=Yes", "Yes"],
        ["InitialR2T=No", "No"],
        // AND: 13.11
        ["ImmediateData=Yes", "Yes"],
        ["ImmediateData=No", "No"],
        // OR, and this target wants order: 13.18, 13.19
        ["DataPDUInOrder=Yes", "Yes"],
        ["DataPDUInOrder=No", "Yes"],
        ["DataSequenceInOrder=Yes", "Yes"],
        ["DataSequenceInOrder=No", "Yes"],
        // neither Yes nor No: 6.1
        ["InitialR2T=yes", "Reject"],
        ["ImmediateData=", "Reject"],
        ["ImmediateData=1", "Reject"],
        ["DataPDUInOrder=YesNo", "Reject"],
        // the smaller number: 13.2, 13.16, 13.17, 13.20
        ["MaxConnections=1", "1"],
        ["MaxConnections=65535", "1"],
        ["MaxOutstandingR2T=1", "1"],
        ["MaxOutstandingR2T=65535", "1"],
        ["DefaultTime2Retain=0", "0"],
        ["DefaultTime2Retain=3600", "0"],
        ["ErrorRecoveryLevel=0", "0"],
        ["ErrorRecoveryLevel=2", "0"],
        ["MaxBurstLength=512", "512"],
        ["MaxBurstLength=16777215", "16777215"],
        ["FirstBurstLength=512", "512"],
        ["FirstBurstLength=4096", "4096"],
        ["FirstBurstLength=1500", "1024"], // whole blocks
        ["FirstBurstLength=65536", "4096"], // a piece of the pool
        // the larger number: 13.15
        ["DefaultTime2Wait=0", "0"],
        ["DefaultTime2Wait=3600", "3600"],
        // out of range
        ["MaxConnections=0", "Reject"],
        ["MaxConnections=65536", "Reject"],
        ["MaxOutstandingR2T=0", "Reject"],
        ["MaxOutstandingR2T=65536", "Reject"],
        ["DefaultTime2Retain=3601", "Reject"],
        ["DefaultTime2Wait=3601", "Reject"],
        ["DefaultTime2Wait=-1", "Reject"],
        ["ErrorRecoveryLevel=3", "Reject"],
        ["MaxBurstLength=511", "Reject"],
        ["MaxBurstLength=16777216", "Reject"],
        ["FirstBurstLength=511", "Reject"],
        ["FirstBurstLength=16777216", "Reject"],
        ["MaxRecvDataSegmentLength=511", "Reject"],
        ["MaxRecvDataSegmentLength=16777216", "Reject"],
        // hexadecimal constants are numbers: 6.1
        ["MaxBurstLength=0x1000", "0x1000"],
        ["FirstBurstLength=0X10000", "4096"],
        // no numbers
        ["MaxBurstLength=", "Reject"],
        ["MaxBurstLength=many", "Reject"],
        ["MaxBurstLength=4096x", "Reject"],
        ["MaxBurstLength= 4096", "Reject"],
        ["MaxBurstLength=4096.5", "Reject"],
        ["MaxBurstLength=1e4", "Reject"],
        ["MaxBurstLength=0x", "Reject"],
        ["MaxBurstLength=0x10g0", "Reject"],
        ["DefaultTime2Wait=inf", "Reject"],
        // the smaller one, from 0 to 31: RFC 7144
        ["iSCSIProtocolLevel=0", "0"],
        ["iSCSIProtocolLevel=1", "1"],
        ["iSCSIProtocolLevel=2", "1"],
        ["iSCSIProtocolLevel=31", "1"],
        ["iSCSIProtocolLevel=32", "Reject"],
        // obsolete, and never NotUnderstood: 13.25
        ["IFMarker=Yes", "No"],
        ["OFMarker=No", "No"],
        ["IFMarkInt=2048~8192", "Reject"],
        ["OFMarkInt=2048~8192", "Reject"],
        // keys that nobody knows: 6.2
        ["X-com.example.feature=7", "NotUnderstood"],
        ["maxBurstLength=512", "NotUnderstood"],
        ["MaxBurstLengthX=512", "NotUnderstood"],
        ["constructor=1", "NotUnderstood"],
        ["X-a==", "NotUnderstood"],
    ])
        test(offer, async () => {
            const key = offer.slice(0, offer.indexOf("="))
            assert.equal(await answerTo(offer), `${key}=${answer}`)
        })

    for (const declaration of [
        "InitiatorName=iqn.2026-11.com.example:host",
        "InitiatorAlias=host",
        "TargetName=iqn.2026-11.com.example:disk",
        "SessionType=Normal",
        "MaxRecvDataSegmentLength=262144",
    ])
        test(`${declaration} gets none`, async () =>
            assert.deepEqual(await answersTo(segment(declaration)), []))
})

describe("what is agreed on", () => {
    for (const [offers, changes] of [
        [["InitialR2T=No"], { isInitialR2t: false }],
        [["ImmediateData=No"], { isImmediateData: false }],
        [["MaxBurstLength=16384"], { maxBurst: 16384, firstBurst: 16384 }],
        [["MaxBurstLength=0x20000"], { maxBurst: 131072 }],
        [["FirstBurstLength=512"], { firstBurst: 512 }],
        [["FirstBurstLength=131072"], { firstBurst: 4096 }],
        [["MaxRecvDataSegmentLength=512"], { maxSend: 512 }],
        // what was rejected stays as it was
        [["MaxBurstLength=1"], {}],
        [["FirstBurstLength=x"], {}],
        [["MaxRecvDataSegmentLength=1"], {}],
        [["InitialR2T=Maybe", "ImmediateData=Maybe"], {}],
    ] as const)
        test(offers.join(", "), async () => {
            const n = defaults()
            await answersTo(segment(...offers), n)
            assert.deepEqual(words(n), { ...words(defaults()), ...changes })
        })

    test("FirstBurstLength is never above MaxBurstLength", async () => {
        const n = defaults()
        const offers = segment("MaxBurstLength=1024", "FirstBurstLength=4096")
        assert.deepEqual(await answersTo(offers, n), [
            "MaxBurstLength=1024",
            "FirstBurstLength=1024",
        ])
        assert.equal(agreed(n, FIRST_BURST), 1024)
    })
})

describe("a text", () => {
    test("is answered in its order", async () =>
        assert.deepEqual(
            await answersTo(
                segment("MaxConnections=2", "A=1", "InitialR2T=No"),
            ),
            ["MaxConnections=1", "A=NotUnderstood", "InitialR2T=No"],
        ))
    test("may lack the last zero", async () =>
        assert.deepEqual(await answersTo(text("MaxConnections=2")), [
            "MaxConnections=1",
        ]))
    test("may have zeros too many", async () =>
        assert.deepEqual(await answersTo(text("\0\0MaxConnections=2\0\0\0")), [
            "MaxConnections=1",
        ]))
    test("may be empty", async () =>
        assert.deepEqual(await answersTo(text("")), []))

    for (const malformed of ["=None", "MaxConnections", "A=1\0B", "é=1"])
        test(`like ${JSON.stringify(malformed)} is malformed`, async () =>
            assert.equal(await answersTo(text(malformed)), undefined))

    for (const end of ["c3", "e2 82", "f0 9f 98", "80", "ff"])
        test(`with a key that ends in ${end} is malformed`, async () => {
            const malformed = bytes(`58 ${end} 3d 31 00`)
            assert.equal(await answersTo(malformed), undefined)
        })

    test("is refused when the answer has no room", async () => {
        const offer = segment("A=1")
        const size = "A=NotUnderstood\0".length
        assert.deepEqual(await answersTo(offer, defaults(), size), [
            "A=NotUnderstood",
        ])
        assert.equal(await answersTo(offer, defaults(), size - 1), undefined)
    })

    test("of any bytes never makes an agreement that is out of range", async () => {
        const key = fc.constantFrom(
            "InitialR2T",
            "ImmediateData",
            "MaxBurstLength",
            "FirstBurstLength",
            "MaxRecvDataSegmentLength",
            "X",
            "",
        )
        const value = fc.oneof(
            fc.constantFrom("Yes", "No", "0", "512", "0x1000", "16777216"),
            fc.nat(0x2000000).map(String),
            fc.string(),
            fc.string({ unit: "binary" }),
        )
        const pair = fc
            .tuple(key, fc.constantFrom("=", "", "=="), value)
            .map(parts => parts.join(""))
        const between = (n: number, min: number, max: number) =>
            assert(n >= min && n <= max, String(n))
        await fc.assert(
            fc.asyncProperty(fc.array(pair), async pairs => {
                const n = defaults()
                await answersTo(segment(...pairs), n)
                between(agreed(n, MAX_SEND), 512, 0xffffff)
                between(agreed(n, MAX_BURST), 512, 0xffffff)
                between(agreed(n, FIRST_BURST), 512, agreed(n, MAX_BURST))
            }),
            { seed: 3, numRuns: 300 },
        )
    })
})

describe("valueOf", () => {
    const t = segment("A=1", "AB=2", "C=", "D=x=y", "A=3")
    for (const [key, value] of [
        ["A", "1"],
        ["AB", "2"],
        ["C", ""],
        ["D", "x=y"],
        ["B", undefined],
        ["a", undefined],
    ] as const)
        test(`${key} is ${value}`, async () =>
            assert.equal(valueOf(t, 0, t.length, key), value))
    test("is no text when it is longer than any that means something", async () => {
        for (const [size, value] of [
            [80, "v".repeat(80)],
            [81, "\ufffd"],
        ] as const) {
            const long = segment("A=" + "v".repeat(size))
            assert.equal(valueOf(long, 0, long.length, "A"), value)
        }
    })
    test("finds nothing in an empty text", async () =>
        assert.equal(valueOf(text(""), 0, 0, "A"), undefined))
})

test("a list has a choice only as a whole", async () => {
    const hasNone = (list: string) => {
        const b = text(`=${list}\0None`)
        return lists(b, 1, 1 + list.length, "None")
    }
    assert(hasNone("None"))
    assert(hasNone("CRC32C,None"))
    assert(hasNone("NoneX,None"))
    assert(hasNone(`${"x".repeat(200)},,None,y`))
    assert(!hasNone("NoneX,XNone"))
    assert(!hasNone("Non"))
    assert(!hasNone("CRC32C,"))
    assert(!hasNone(""))
})

test("a pair ends in a zero", async () => {
    const to = text("..........")
    assert.equal(putPair(to, 1, "Key", "v"), 7)
    assert.equal(to.toString(), ".Key=v\0...")
})

describe("SendTargets", () => {
    const target = "iqn.2026-11.com.example:disk"
    const identity = zeros(96)
    identity.blitAt(14, text("\x0a\x00\x00\x0b"), 0, 4)
    identity.setAt(18, "u16", 3260)

    function targetsFor(wanted: string, flags = ConnFlag.Discovery as number) {
        const c = { port: { target, identity }, flags } as Conn
        const to = zeros(256)
        const t = segment(wanted)
        const length = sendTargets(c, t, 0, t.length, to, 8)
        return to.slice(8, 8 + length).toString()
    }
    const record = `TargetName=${target}\0TargetAddress=10.0.0.11:3260,1\0`

    test("=All names the target", async () =>
        assert.equal(targetsFor("SendTargets=All"), record))
    test("of its name names the target", async () =>
        assert.equal(targetsFor(`SendTargets=${target}`), record))
    test("of nothing names the target of a normal session", async () =>
        assert.equal(targetsFor("SendTargets=", ConnFlag.HasTarget), record))
    test("of nothing names none in a discovery session", async () =>
        assert.equal(targetsFor("SendTargets="), ""))
    test("of another name names none", async () =>
        assert.equal(targetsFor("SendTargets=iqn.2026-11.com.example:x"), ""))
    test("is the only key there is", async () =>
        assert.equal(targetsFor("A=1"), ""))
})
