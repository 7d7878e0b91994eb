/** PDU headers laid out by hand from the figures of RFC 7143 chapter 11. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { bytes, useDeviceScript } from "../../support/devicescript.ts"

useDeviceScript()
const w = await import("../../../src/wire/iscsi.ts")

interface Layout {
    pdu: string
    opcode: number
    /** 12 words; no two fields alike */
    header: string[]
    /** where a field begins, and the bytes that stand in it */
    fields: Record<string, [at: number, bytes: string]>
}

/** Words 2 to 4 of most headers. */
const LUN_ITT = ["0001a2a3", "a4a5a6a7", "b0b1b2b3"]
/** Words 6 to 8 of what a target sends: StatSN, ExpCmdSN, MaxCmdSN. */
const SEQUENCE = ["d0d1d2d3", "e0e1e2e3", "f0f1f2f3"]
const REST = ["00000000", "00000000", "00000000"]

const common: Layout["fields"] = {
    LUN: [w.LUN, "0001a2a3a4a5a6a7"],
    "Initiator Task Tag": [w.ITT, "b0b1b2b3"],
}
const sequence: Layout["fields"] = {
    StatSN: [w.STAT_SN, "d0d1d2d3"],
    ExpCmdSN: [w.EXP_CMD_SN, "e0e1e2e3"],
    MaxCmdSN: [w.MAX_CMD_SN, "f0f1f2f3"],
}
const numbered: Layout["fields"] = {
    CmdSN: [w.CMD_SN, "d0d1d2d3"],
    ExpStatSN: [w.EXP_STAT_SN, "e0e1e2e3"],
}
const isid: Layout["fields"] = {
    ISID: [w.ISID, "402a54570001"],
    TSIH: [w.TSIH, "a6a7"],
    "Initiator Task Tag": [w.ITT, "b0b1b2b3"],
}

const layouts: Layout[] = [
    {
        pdu: "NOP-Out (11.18)",
        opcode: w.Op.NopOut,
        header: [
            ...["40800000", "00000003", ...LUN_ITT, "c0c1c2c3"],
            ...["d0d1d2d3", "e0e1e2e3", "00000000", ...REST],
        ],
        fields: { ...common, ...numbered, TTT: [w.TTT, "c0c1c2c3"] },
    },
    {
        pdu: "SCSI Command (11.3)",
        opcode: w.Op.Command,
        header: [
            ...["01e10000", "01000200", ...LUN_ITT, "c0c1c2c3"],
            ...["d0d1d2d3", "e0e1e2e3"],
            ...["2a000000", "00080000", "08000000", "00000000"],
        ],
        fields: {
            ...common,
            ...numbered,
            TotalAHSLength: [w.AHS_LENGTH, "01"],
            DataSegmentLength: [w.DATA_LENGTH, "000200"],
            "Expected Data Transfer Length": [w.EXPECTED_LENGTH, "c0c1c2c3"],
            CDB: [w.CDB, "2a000000000800000800000000000000"],
        },
    },
    {
        pdu: "Task Management Function Request (11.5)",
        opcode: w.Op.TaskManagement,
        header: [
            ...["42810000", "00000000", ...LUN_ITT, "c0c1c2c3"],
            ...["d0d1d2d3", "e0e1e2e3", "f0f1f2f3", ...REST],
        ],
        fields: {
            ...common,
            ...numbered,
            "Referenced Task Tag": [w.REFERENCED_TAG, "c0c1c2c3"],
        },
    },
    {
        pdu: "Login Request (11.12)",
        opcode: w.Op.Login,
        header: [
            ...["43870100", "00000030", "402a5457", "0001a6a7"],
            ...["b0b1b2b3", "c0c10000", "d0d1d2d3", "e0e1e2e3"],
            ...["00000000", ...REST],
        ],
        fields: {
            ...isid,
            ...numbered,
            "Version-max": [w.VERSION_MAX, "01"],
            "Version-min": [w.VERSION_MIN, "00"],
            CID: [w.CID, "c0c1"],
        },
    },
    {
        pdu: "Text Request (11.10)",
        opcode: w.Op.Text,
        header: [
            ...["04800000", "00000010", ...LUN_ITT, "ffffffff"],
            ...["d0d1d2d3", "e0e1e2e3", "00000000", ...REST],
        ],
        fields: { ...common, ...numbered, TTT: [w.TTT, "ffffffff"] },
    },
    {
        pdu: "SCSI Data-Out (11.7)",
        opcode: w.Op.DataOut,
        header: [
            ...["05800000", "00001000", ...LUN_ITT, "c0c1c2c3", "00000000"],
            ...["e0e1e2e3", "00000000", "11121314", "21222324", "00000000"],
        ],
        fields: {
            ...common,
            TTT: [w.TTT, "c0c1c2c3"],
            ExpStatSN: [w.EXP_STAT_SN, "e0e1e2e3"],
            DataSN: [w.DATA_SN, "11121314"],
            "Buffer Offset": [w.BUFFER_OFFSET, "21222324"],
        },
    },
    {
        pdu: "Logout Request (11.14)",
        opcode: w.Op.Logout,
        header: [
            ...["46810000", "00000000", "00000000", "00000000", "b0b1b2b3"],
            ...["c0c10000", "d0d1d2d3", "e0e1e2e3", "00000000", ...REST],
        ],
        fields: {
            "Initiator Task Tag": [w.ITT, "b0b1b2b3"],
            ...numbered,
            CID: [w.CID, "c0c1"],
        },
    },
    {
        pdu: "SNACK Request (11.16)",
        opcode: w.Op.Snack,
        header: [
            ...["10800000", "00000000", ...LUN_ITT, "c0c1c2c3"],
            ...["00000000", "e0e1e2e3", "00000000", ...REST],
        ],
        fields: common,
    },
    {
        pdu: "NOP-In (11.19)",
        opcode: w.Op.NopIn,
        header: [
            ...["20800000", "00000000", ...LUN_ITT, "ffffffff"],
            ...[...SEQUENCE, ...REST],
        ],
        fields: { ...common, ...sequence, TTT: [w.TTT, "ffffffff"] },
    },
    {
        pdu: "SCSI Response (11.4)",
        opcode: w.Op.Response,
        header: [
            ...["21820102", "00000014", "00000000", "00000000", "b0b1b2b3"],
            ...["00000000", ...SEQUENCE, "11121314", "21222324", "31323334"],
        ],
        fields: {
            "Initiator Task Tag": [w.ITT, "b0b1b2b3"],
            ...sequence,
            Response: [w.RESPONSE, "01"],
            Status: [w.STATUS, "02"],
            "Residual Count": [w.RESIDUAL_COUNT, "31323334"],
        },
    },
    {
        pdu: "Task Management Function Response (11.6)",
        opcode: w.Op.TaskManagementResponse,
        header: [
            ...["22800500", "00000000", "00000000", "00000000", "b0b1b2b3"],
            ...["00000000", ...SEQUENCE, ...REST],
        ],
        fields: {
            "Initiator Task Tag": [w.ITT, "b0b1b2b3"],
            ...sequence,
            Response: [w.RESPONSE, "05"],
        },
    },
    {
        pdu: "Login Response (11.13)",
        opcode: w.Op.LoginResponse,
        header: [
            ...["23870000", "00000000", "402a5457", "0001a6a7", "b0b1b2b3"],
            ...["00000000", ...SEQUENCE, "02030000", "00000000", "00000000"],
        ],
        fields: {
            ...isid,
            ...sequence,
            "Status-Class": [w.STATUS_CLASS, "02"],
            "Status-Detail": [w.STATUS_DETAIL, "03"],
        },
    },
    {
        pdu: "Text Response (11.11)",
        opcode: w.Op.TextResponse,
        header: [
            ...["24800000", "00000010", ...LUN_ITT, "ffffffff"],
            ...[...SEQUENCE, ...REST],
        ],
        fields: { ...common, ...sequence, TTT: [w.TTT, "ffffffff"] },
    },
    {
        pdu: "SCSI Data-In (11.7)",
        opcode: w.Op.DataIn,
        header: [
            ...["25830002", "00000200", ...LUN_ITT, "c0c1c2c3"],
            ...[...SEQUENCE, "11121314", "21222324", "31323334"],
        ],
        fields: {
            ...common,
            ...sequence,
            TTT: [w.TTT, "c0c1c2c3"],
            Status: [w.STATUS, "02"],
            DataSN: [w.DATA_SN, "11121314"],
            "Buffer Offset": [w.BUFFER_OFFSET, "21222324"],
            "Residual Count": [w.RESIDUAL_COUNT, "31323334"],
        },
    },
    {
        pdu: "Logout Response (11.15)",
        opcode: w.Op.LogoutResponse,
        header: [
            ...["26800200", "00000000", "00000000", "00000000", "b0b1b2b3"],
            ...["00000000", ...SEQUENCE, "00000000", "00020014", "00000000"],
        ],
        fields: {
            "Initiator Task Tag": [w.ITT, "b0b1b2b3"],
            ...sequence,
            Response: [w.RESPONSE, "02"],
        },
    },
    {
        pdu: "Ready To Transfer (11.8)",
        opcode: w.Op.R2t,
        header: [
            ...["31800000", "00000000", ...LUN_ITT, "c0c1c2c3"],
            ...[...SEQUENCE, "11121314", "21222324", "31323334"],
        ],
        fields: {
            ...common,
            ...sequence,
            TTT: [w.TTT, "c0c1c2c3"],
            R2TSN: [w.R2T_SN, "11121314"],
            "Buffer Offset": [w.BUFFER_OFFSET, "21222324"],
            "Desired Data Transfer Length": [w.DESIRED_LENGTH, "31323334"],
        },
    },
    {
        pdu: "Asynchronous Message (11.9)",
        opcode: w.Op.Async,
        header: [
            ...["32800000", "00000000", ...LUN_ITT.slice(0, 2), "ffffffff"],
            ...["00000000", ...SEQUENCE, "05000000", "00000000", "00000000"],
        ],
        fields: { LUN: common.LUN, ...sequence },
    },
    {
        pdu: "Reject (11.17)",
        opcode: w.Op.Reject,
        header: [
            ...["3f800500", "00000030", "00000000", "00000000", "ffffffff"],
            ...["00000000", ...SEQUENCE, "00000000", "00000000", "00000000"],
        ],
        fields: { ...sequence, Reason: [w.RESPONSE, "05"] },
    },
]

for (const { pdu, opcode, header, fields } of layouts)
    test(`the fields of ${pdu}`, () => {
        const b = bytes(header.join(""))
        assert.equal(b.length, w.BHS)
        assert.equal(b[w.OPCODE] & w.OPCODE_MASK, opcode)
        for (const [name, [at, is]] of Object.entries(fields)) {
            const field = b.slice(at, at + is.length / 2)
            assert.equal(field.toString("hex"), is, name)
        }
    })

test("flags", () => {
    for (const [name, flag, is] of [
        ["I, for immediate delivery (11.2.1.1)", w.IMMEDIATE, 0x40],
        ["F, the final PDU of a sequence", w.FINAL, 0x80],
        ["C, the text goes on", w.CONTINUE, 0x40],
        ["T, transit to the next stage", w.LOGIN_TRANSIT, 0x80],
        ["R of a command", w.COMMAND_READ, 0x40],
        ["W of a command", w.COMMAND_WRITE, 0x20],
        ["O, residual overflow", w.RESIDUAL_OVERFLOW, 0x04],
        ["U, residual underflow", w.RESIDUAL_UNDERFLOW, 0x02],
        ["S, status in Data-In", w.DATA_IN_STATUS, 0x01],
        ["function of task management", w.TMF_FUNCTION_MASK, 0x7f],
        ["reason of logout", w.LOGOUT_REASON_MASK, 0x7f],
    ] as const)
        assert.equal(flag, is, name)
})

test("codes", () => {
    const { Stage, LoginStatus, Tmf, TmfResponse } = w
    const { LogoutReason, LogoutResponse, RejectReason } = w
    for (const [name, number, is] of [
        ["SecurityNegotiation", Stage.Security, 0],
        ["LoginOperationalNegotiation", Stage.Operational, 1],
        ["FullFeaturePhase", Stage.FullFeature, 3],
        ["ABORT TASK", Tmf.AbortTask, 1],
        ["ABORT TASK SET", Tmf.AbortTaskSet, 2],
        ["CLEAR ACA", Tmf.ClearAca, 3],
        ["CLEAR TASK SET", Tmf.ClearTaskSet, 4],
        ["LOGICAL UNIT RESET", Tmf.LunReset, 5],
        ["TARGET WARM RESET", Tmf.TargetWarmReset, 6],
        ["TARGET COLD RESET", Tmf.TargetColdReset, 7],
        ["TASK REASSIGN", Tmf.TaskReassign, 8],
        ["function complete", TmfResponse.Complete, 0],
        ["task does not exist", TmfResponse.NoSuchTask, 1],
        ["LUN does not exist", TmfResponse.NoSuchLun, 2],
        ["function not supported", TmfResponse.NotSupported, 5],
        ["function rejected", TmfResponse.Rejected, 255],
        ["close the session", LogoutReason.CloseSession, 0],
        ["close the connection", LogoutReason.CloseConnection, 1],
        ["remove the connection for recovery", LogoutReason.Recovery, 2],
        ["closed successfully", LogoutResponse.Closed, 0],
        ["CID not found", LogoutResponse.CidNotFound, 1],
        ["no connection recovery", LogoutResponse.RecoveryNotSupported, 2],
        ["protocol error", RejectReason.ProtocolError, 0x04],
        ["command not supported", RejectReason.CommandNotSupported, 0x05],
        ["immediate command reject", RejectReason.ImmediateRejected, 0x06],
        ["invalid PDU field", RejectReason.InvalidPduField, 0x09],
        ["success", LoginStatus.Success, 0x0000],
        ["initiator error", LoginStatus.InitiatorError, 0x0200],
        ["authentication failure", LoginStatus.AuthenticationFailure, 0x0201],
        ["not found", LoginStatus.NotFound, 0x0203],
        ["unsupported version", LoginStatus.UnsupportedVersion, 0x0205],
        ["too many connections", LoginStatus.TooManyConnections, 0x0206],
        ["missing parameter", LoginStatus.MissingParameter, 0x0207],
        ["session type", LoginStatus.SessionTypeNotSupported, 0x0209],
        ["no such session", LoginStatus.SessionDoesNotExist, 0x020a],
        ["invalid during login", LoginStatus.InvalidRequest, 0x020b],
        ["out of resources", LoginStatus.OutOfResources, 0x0302],
    ] as const)
        assert.equal(number, is, name)
    assert.equal(w.NO_TAG, 0xffffffff)
})
