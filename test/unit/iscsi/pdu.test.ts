/** What the target sends, byte by byte: RFC 7143 chapter 11. */
import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { before, describe, mock, test } from "node:test"
import type { Conn } from "../../../src/iscsi/conn.ts"
import { text } from "../../support/devicescript.ts"
import {
    connect,
    dataOf,
    pairs,
    port,
    send,
    TARGET,
} from "../../support/target.ts"

const { loginPdu } = await import("../../../src/iscsi/login.ts")
const session = await import("../../../src/iscsi/session.ts")
const { commandPdu } = await import("../../../src/iscsi/command.ts")
const { nopPdu, textPdu, logoutPdu, taskManagementPdu } = session
const { Phase } = await import("../../../src/iscsi/conn.ts")
const { openWindow, closeWindow } = await import("../../../src/iscsi/task.ts")

// the console tells of logins
before(() => void mock.method(console, "log", () => {}))

const ISID = ["402a5457", "00010000"]
const ITT = "b0b1b2b3"
const NO_TAG = "ffffffff"
const LUN = ["00000000", "00000000"]
const ascii = (s: string) => Buffer.from(s).toString("hex")

/**
 * Compares a PDU with words written by hand.
 * @param words of the header; dots stand for any digits
 */
function assertPdu(pdu: string | undefined, words: string[], data = "") {
    assert.ok(pdu !== undefined, "nothing was sent")
    const pattern = words.join("").padEnd(96, "0") + data
    assert.match(pdu, new RegExp(`^${pattern}$`), `${pdu} is not\n${pattern}`)
}

describe("login", () => {
    const first = (...keys: string[]) => [
        `InitiatorName=iqn.2026-11.com.example:host`,
        ...keys,
    ]
    const normal = first("SessionType=Normal", `TargetName=${TARGET}`)
    /** Opcode and I; T, CSG and NSG; versions. */
    const request = (flags: string, versions = "0000", tsih = "0000") => [
        ...[`43${flags}${versions}`, "00000000", "402a5457", `0001${tsih}`],
        ...[ITT, "00010000", "00000005", "00000000"],
    ]
    /** Nothing but the status is told; the session does not count it. */
    const refused = (status: string) => [
        ...["23000000", "00000000", ...ISID, ITT, "00000000"],
        ...["00000000", "........", "........", `${status}0000`],
    ]
    let c: Conn
    const login = async (flags: string, ...keys: string[]) =>
        (await send(c, loginPdu, request(flags), pairs(...keys)))[0]

    test("goes from security over operation to the full feature", async () => {
        c = connect()
        const security = await login("81", ...normal, "AuthMethod=CHAP,None")
        const keys = "AuthMethod=None\0TargetPortalGroupTag=1\0"
        assertPdu(
            security,
            [
                ...["23810000", "00000027", ...ISID, ITT, "00000000"],
                ...["00000000", "00000005", "00000005", "00000000"],
            ],
            ascii(keys) + "00",
        )
        assert.equal(keys.length, 0x27)

        const operation = await login(
            "87",
            "HeaderDigest=None",
            "MaxBurstLength=512",
        )
        const agreed =
            "HeaderDigest=None\0MaxBurstLength=512\0" +
            "MaxRecvDataSegmentLength=4096\0"
        assertPdu(
            operation,
            [
                // the session has a TSIH now; StatSN goes on
                ...["23870000", "00000043", "402a5457", "0001....", ITT],
                ...["00000000", "00000001", "00000005", "0000000."],
                "00000000",
            ],
            ascii(agreed) + "00",
        )
        assert.equal(agreed.length, 0x43)
        assert.notEqual(operation.slice(28, 32), "0000")
        const [expCmdSn, maxCmdSn] = [56, 64].map(at =>
            parseInt(operation.slice(at, at + 8), 16),
        )
        assert(maxCmdSn >= expCmdSn, "the window is open")
        assert.equal(c.phase, Phase.FullFeature)
    })

    test("stays where it is while the initiator does not want on", async () => {
        c = connect()
        const answer = await login("04", ...normal)
        // T is zero, and NSG reserved
        assert.equal(answer.slice(0, 4), "2304")
        assert.equal(c.phase, Phase.Login)
        // what is declared is declared once
        assert.match(dataOf(answer), /MaxRecvDataSegmentLength=4096\0/)
        assert.doesNotMatch(dataOf(await login("04", "A=1")), /MaxRecvData/)
    })

    test("takes a text that comes in pieces", async () => {
        c = connect()
        // C: the text goes on, in the midst of a pair
        const all = normal.join("\0") + "\0MaxBurstLength=512\0"
        const half = all.length - 6
        const piece = await send(
            c,
            loginPdu,
            request("44"),
            text(all.slice(0, half)),
        )
        assertPdu(piece[0], [
            ...["23040000", "00000000", ...ISID, ITT, "00000000"],
            ...["00000000", "00000005", "00000005", "00000000"],
        ])
        const rest = text(all.slice(half))
        const [answer] = await send(c, loginPdu, request("87"), rest)
        assert.equal(answer.slice(0, 4), "2387")
        assert.match(dataOf(answer), /^MaxBurstLength=512\0/)
    })

    for (const [what, status, header, keys] of [
        ["of a name that is missing", "0207", request("81"), []],
        ["to no target", "0207", request("81"), first("SessionType=Normal")],
        [
            "to another target",
            "0203",
            request("81"),
            first("TargetName=iqn.2026-11.com.example:y"),
        ],
        [
            "to a session type that does not exist",
            "0209",
            request("81"),
            first("SessionType=Other", `TargetName=${TARGET}`),
        ],
        [
            "with CHAP alone",
            "0201",
            request("81"),
            [...normal, "AuthMethod=CHAP"],
        ],
        ["of a version to come", "0205", request("81", "0101"), normal],
        [
            "of a second connection",
            "0206",
            request("81", "0000", "0001"),
            normal,
        ],
        ["in the full feature phase", "020b", request("8f"), normal],
        ["to a stage that does not exist", "020b", request("82"), normal],
        ["to a stage it is in", "020b", request("85"), normal],
        ["back to security", "020b", request("84"), normal],
    ] as const)
        test(`${what} is refused: ${status}`, async () => {
            c = connect()
            const [answer] = await send(
                c,
                loginPdu,
                [...header],
                pairs(...keys),
            )
            assertPdu(answer, refused(status))
            assert.equal(c.phase, Phase.Closing)
        })
})

describe("in the full feature phase", () => {
    let c: Conn
    /** StatSN 1, ExpCmdSN 0x10, one command. */
    function logIn() {
        if (c) closeWindow(c)
        c = connect()
        c.phase = Phase.FullFeature
        c.sn[3] = 1
        c.sn[7] = 0x10
        assert(openWindow(c))
        return c
    }
    const numbers = ["00000001", "00000010", "000000.."]
    /** Of a PDU for immediate delivery. */
    const sequence = ["00000010", "00000001"]

    test("NOP-In repeats a ping's data", async () => {
        const [pong] = await send(
            logIn(),
            nopPdu,
            ["40800000", "", "0001a2a3", "a4a5a6a7", ITT, NO_TAG, ...sequence],
            text("ping!"),
        )
        assertPdu(
            pong,
            [
                ...["20800000", "00000005", "0001a2a3", "a4a5a6a7", ITT],
                ...[NO_TAG, ...numbers],
            ],
            ascii("ping!") + "000000",
        )
    })
    test("NOP-Out without a tag gets no answer", async () => {
        const header = ["40800000", "", ...LUN, NO_TAG, NO_TAG, ...sequence]
        assert.deepEqual(await send(logIn(), nopPdu, header, text("ping!")), [])
    })
    test("a numbered PDU moves ExpCmdSN and MaxCmdSN", async () => {
        const header = ["00800000", "", ...LUN, ITT, NO_TAG, ...sequence]
        logIn()
        const max = c.sn[11]
        const [pong] = await send(c, nopPdu, header)
        assert.equal(pong.slice(48, 64), "00000001" + "00000011")
        assert.equal(pong.slice(70, 72), (max + 1).toString(16))
    })
    test("a PDU with another number is ignored", async () => {
        for (const sn of ["0000000f", "00000011"]) {
            const header = ["00800000", "", ...LUN, ITT, NO_TAG, sn, "00000001"]
            assert.deepEqual(await send(logIn(), nopPdu, header), [])
        }
    })
    test("Text Response names the target", async () => {
        const [answer] = await send(
            logIn(),
            textPdu,
            ["44800000", "", ...LUN, ITT, NO_TAG, ...sequence],
            pairs("SendTargets=All"),
        )
        const record = `TargetName=${TARGET}\0TargetAddress=10.0.0.11:3260,1\0`
        assertPdu(
            answer,
            [...["24800000", "00000044", ...LUN, ITT, NO_TAG, ...numbers]],
            ascii(record),
        )
        assert.equal(record.length, 0x44)
    })
    test("Logout Response closes", async () => {
        const header = ["46800000", "", "", "", ITT, "00010000", ...sequence]
        const [answer] = await send(logIn(), logoutPdu, header)
        assertPdu(answer, [
            ...["26800000", "00000000", ...LUN, ITT, "00000000", ...numbers],
        ])
        assert.equal(c.phase, Phase.Closing)
    })
    test("Logout Response does not close for recovery", async () => {
        const header = ["46820000", "00000000", ...LUN, ITT, "00010000"]
        const [answer] = await send(logIn(), logoutPdu, [
            ...header,
            ...sequence,
        ])
        assertPdu(answer, [
            ...["26800200", "00000000", ...LUN, ITT, "00000000", ...numbers],
        ])
        assert.equal(c.phase, Phase.FullFeature)
    })

    for (const [what, f, lun, response] of [
        ["ABORT TASK of no task", "81", LUN, "01"],
        ["ABORT TASK SET", "82", LUN, "00"],
        ["CLEAR ACA", "83", LUN, "05"],
        ["CLEAR TASK SET", "84", LUN, "00"],
        ["LOGICAL UNIT RESET", "85", LUN, "00"],
        ["LOGICAL UNIT RESET of LUN 1", "85", ["00010000", "00000000"], "02"],
        ["TARGET WARM RESET", "86", LUN, "00"],
        ["TARGET COLD RESET", "87", LUN, "05"],
        ["TASK REASSIGN", "88", LUN, "05"],
    ] as const)
        test(`${what} has response ${response}`, async () => {
            const header = [`42${f}0000`, "00000000", ...lun, ITT, "c0c1c2c3"]
            const [answer] = await send(logIn(), taskManagementPdu, [
                ...header,
                ...sequence,
            ])
            assertPdu(answer, [
                ...[`2280${response}00`, "00000000", ...LUN, ITT, "00000000"],
                ...numbers,
            ])
        })

    test("Reject has the header that it is about", async () => {
        const header = ["50800000", "00000000", ...LUN, ITT, "c0c1c2c3"]
        const rejecting = (c: Conn, b: Buffer, at: number) => {
            session.reject(c, b, at, 0x05)
            return undefined
        }
        const [answer] = await send(logIn(), rejecting, [
            ...header,
            ...sequence,
        ])
        assertPdu(
            answer,
            [
                ...["3f800500", "00000030", ...LUN, NO_TAG, "00000000"],
                ...numbers,
            ],
            [...header, ...sequence].join("").padEnd(96, "0"),
        )
    })

    describe("a command", () => {
        /** @param flags F, R, W and ATTR. @param expected transfer length */
        const command = (flags: string, expected: string, cdb: string) => [
            ...[`41${flags}0000`, "00000000", ...LUN, ITT, expected],
            ...sequence,
            cdb.replace(/ /g, "").padEnd(32, "0"),
        ]
        const answerTo = async (...args: Parameters<typeof command>) =>
            (await send(logIn(), commandPdu, command(...args)))[0]

        test("that is good has a SCSI Response", async () =>
            assertPdu(await answerTo("80", "00000000", "00"), [
                ...["21800000", "00000000", ...LUN, ITT, "00000000"],
                ...numbers,
            ]))
        test("that is refused has sense data", async () =>
            assertPdu(
                await answerTo("80", "00000000", "ff"),
                [
                    ...["21800002", "00000014", ...LUN, ITT, "00000000"],
                    ...numbers,
                ],
                // its length, then current errors, ILLEGAL REQUEST
                "0012" +
                    "70000500 0000000a 00000000 20000000 0000".replace(
                        / /g,
                        "",
                    ),
            ))
        test("that moves less than expected tells by how much", async () =>
            assertPdu(await answerTo("c0", "00001000", "00"), [
                ...["21820000", "00000000", ...LUN, ITT, "00000000"],
                ...[...numbers, "00000000", "00000000", "00001000"],
            ]))
        test("is answered with data and status in one PDU", async () =>
            assertPdu(
                await answerTo("c0", "00000008", "25"),
                [
                    // F and S
                    ...["25810000", "00000008", ...LUN, ITT, NO_TAG],
                    ...numbers,
                ],
                "0000ffff00000200",
            ))
        test("with too little room for its data tells how much is missing", async () =>
            assertPdu(
                await answerTo("c0", "00000006", "25"),
                [
                    // F, O and S
                    ...["25850000", "00000006", ...LUN, ITT, NO_TAG],
                    ...[...numbers, "00000000", "00000000", "00000002"],
                ],
                "0000ffff0000" + "0000",
            ))
        test("with more room than its data tells how much is left", async () =>
            assertPdu(
                await answerTo("c0", "00000100", "25"),
                [
                    // F, U and S
                    ...["25830000", "00000008", ...LUN, ITT, NO_TAG],
                    ...[...numbers, "00000000", "00000000", "000000f8"],
                ],
                "0000ffff00000200",
            ))
        test("for a LUN that does not exist is refused", async () => {
            const header = command("80", "00000000", "00")
            header[2] = "00010000"
            const [answer] = await send(logIn(), commandPdu, header)
            assert.equal(answer.slice(0, 8), "21800002")
            assert.equal(answer.slice(96 + 4 + 24, 96 + 4 + 28), "2500")
        })
        test("gets a unit attention once", async () => {
            logIn().attention = 0x062900
            const testUnitReady = command("80", "00000000", "00")
            const [first] = await send(c, commandPdu, testUnitReady)
            assert.equal(first.slice(96, 96 + 12), "001270000600")
            assert.equal(first.slice(96 + 4 + 24, 96 + 4 + 28), "2900")
            const [second] = await send(c, commandPdu, testUnitReady)
            assert.equal(second.slice(0, 8), "21800000")
        })
    })
})

test("serial number and NAA identifier follow from the target's name", async () => {
    const hash = createHash("sha256").update(TARGET).digest("hex")
    assert.equal(port.unit.serial, hash.slice(0, 16))
    assert.equal(port.unit.naa.toString("hex"), "3" + hash.slice(1, 16))
    assert.equal(port.unit.portName, TARGET + ",t,0x0001")
})
