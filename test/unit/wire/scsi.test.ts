/** Numbers and formats of SPC-4 and SBC-3, written down by hand. */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { bytes, useDeviceScript } from "../../support/devicescript.ts"

useDeviceScript()
const { Scsi, Sense, SenseKey, Status, putSense, SENSE_SIZE, FUA, BYTCHK } =
    await import("../../../src/wire/scsi.ts")

test("operation codes (SPC-4 annex E.3)", () => {
    for (const [command, opcode, is] of [
        ["TEST UNIT READY", Scsi.TestUnitReady, 0x00],
        ["REQUEST SENSE", Scsi.RequestSense, 0x03],
        ["READ (6)", Scsi.Read6, 0x08],
        ["WRITE (6)", Scsi.Write6, 0x0a],
        ["INQUIRY", Scsi.Inquiry, 0x12],
        ["MODE SENSE (6)", Scsi.ModeSense6, 0x1a],
        ["START STOP UNIT", Scsi.StartStopUnit, 0x1b],
        ["READ CAPACITY (10)", Scsi.ReadCapacity10, 0x25],
        ["READ (10)", Scsi.Read10, 0x28],
        ["WRITE (10)", Scsi.Write10, 0x2a],
        ["VERIFY (10)", Scsi.Verify10, 0x2f],
        ["SYNCHRONIZE CACHE (10)", Scsi.SynchronizeCache10, 0x35],
        ["MODE SENSE (10)", Scsi.ModeSense10, 0x5a],
        ["READ (16)", Scsi.Read16, 0x88],
        ["WRITE (16)", Scsi.Write16, 0x8a],
        ["VERIFY (16)", Scsi.Verify16, 0x8f],
        ["SYNCHRONIZE CACHE (16)", Scsi.SynchronizeCache16, 0x91],
        ["SERVICE ACTION IN (16)", Scsi.ServiceActionIn16, 0x9e],
        ["REPORT LUNS", Scsi.ReportLuns, 0xa0],
        ["READ (12)", Scsi.Read12, 0xa8],
        ["WRITE (12)", Scsi.Write12, 0xaa],
        ["VERIFY (12)", Scsi.Verify12, 0xaf],
    ] as const)
        assert.equal(opcode, is, command)
})

test("status codes (SAM-5 5.3.1)", () => {
    assert.equal(Status.Good, 0x00)
    assert.equal(Status.CheckCondition, 0x02)
    assert.equal(Status.Busy, 0x08)
    assert.equal(Status.TaskSetFull, 0x28)
})

test("flags of block commands (SBC-3 5.8 and 5.29)", () => {
    assert.equal(FUA, 0b0000_1000)
    assert.equal(BYTCHK, 0b0000_0110)
})

describe("fixed-format sense data (SPC-4 4.5.3)", () => {
    // sense key, additional sense code, qualifier: SPC-4 table 48, annex F.1
    for (const [name, sense, key, asc, ascq] of [
        ["NOT READY", Sense.NotReady, "02", "04", "00"],
        ["WRITE ERROR", Sense.WriteError, "03", "0c", "00"],
        ["UNRECOVERED READ ERROR", Sense.ReadError, "03", "11", "00"],
        ["PARAMETER LIST LENGTH", Sense.ParameterListLength, "05", "1a", "00"],
        ["INVALID OPERATION CODE", Sense.InvalidOpcode, "05", "20", "00"],
        ["LBA OUT OF RANGE", Sense.LbaOutOfRange, "05", "21", "00"],
        ["INVALID FIELD IN CDB", Sense.InvalidField, "05", "24", "00"],
        ["LUN NOT SUPPORTED", Sense.LunNotSupported, "05", "25", "00"],
        ["SAVING NOT SUPPORTED", Sense.SavingNotSupported, "05", "39", "00"],
        ["POWER ON OCCURRED", Sense.PowerOn, "06", "29", "00"],
        ["BUS DEVICE RESET OCCURRED", Sense.DeviceReset, "06", "29", "03"],
        ["DATA PHASE ERROR", Sense.DataPhase, "0b", "4b", "00"],
        ["MISCOMPARE", Sense.Miscompare, "0e", "1d", "00"],
        ["nothing", Sense.None, "00", "00", "00"],
    ] as const)
        test(`tells ${name}`, () => {
            const b = bytes("ee".repeat(1 + 18 + 1))
            putSense(b, 1, sense)
            assert.equal(SENSE_SIZE, 18)
            assert.equal(
                b.toString("hex"),
                // current errors, key, 10 bytes behind byte 7, code, qualifier
                `ee7000${key}00 0000000a 00000000 ${asc}${ascq}0000 0000ee`.replace(
                    / /g,
                    "",
                ),
            )
        })

    test("has the keys of SPC-4 table 48", () => {
        assert.equal(SenseKey.NoSense, 0x0)
        assert.equal(SenseKey.NotReady, 0x2)
        assert.equal(SenseKey.MediumError, 0x3)
        assert.equal(SenseKey.HardwareError, 0x4)
        assert.equal(SenseKey.IllegalRequest, 0x5)
        assert.equal(SenseKey.UnitAttention, 0x6)
        assert.equal(SenseKey.DataProtect, 0x7)
        assert.equal(SenseKey.AbortedCommand, 0xb)
        assert.equal(SenseKey.Miscompare, 0xe)
    })
})
