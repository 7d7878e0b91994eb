/**
 * SCSI numbers: SPC-4 and SBC-3. Only what this target speaks.
 */

/** Operation codes, byte 0 of a CDB. */
export enum Scsi {
    TestUnitReady = 0x00,
    RequestSense = 0x03,
    Read6 = 0x08,
    Write6 = 0x0a,
    Inquiry = 0x12,
    ModeSense6 = 0x1a,
    StartStopUnit = 0x1b,
    ReadCapacity10 = 0x25,
    Read10 = 0x28,
    Write10 = 0x2a,
    Verify10 = 0x2f,
    SynchronizeCache10 = 0x35,
    ModeSense10 = 0x5a,
    Read16 = 0x88,
    Write16 = 0x8a,
    Verify16 = 0x8f,
    SynchronizeCache16 = 0x91,
    ServiceActionIn16 = 0x9e,
    ReportLuns = 0xa0,
    Read12 = 0xa8,
    Write12 = 0xaa,
    Verify12 = 0xaf,
}

/** Service action of SERVICE ACTION IN(16), byte 1 bits 0-4. */
export const READ_CAPACITY_16 = 0x10

/** SAM-5, 5.3.1 */
export enum Status {
    Good = 0x00,
    CheckCondition = 0x02,
    Busy = 0x08,
    TaskSetFull = 0x28,
}

/** SPC-4, 4.5.6 */
export enum SenseKey {
    NoSense = 0x0,
    NotReady = 0x2,
    MediumError = 0x3,
    HardwareError = 0x4,
    IllegalRequest = 0x5,
    UnitAttention = 0x6,
    DataProtect = 0x7,
    AbortedCommand = 0xb,
    Miscompare = 0xe,
}

/**
 * Sense key, additional sense code and its qualifier in one number:
 * 0xKKAAQQ. SPC-4 annex F.1.
 */
export enum Sense {
    None = 0,
    /** LOGICAL UNIT NOT READY, CAUSE NOT REPORTABLE */
    NotReady = 0x020400,
    /** WRITE ERROR */
    WriteError = 0x030c00,
    /** UNRECOVERED READ ERROR */
    ReadError = 0x031100,
    /** PARAMETER LIST LENGTH ERROR */
    ParameterListLength = 0x051a00,
    /** INVALID COMMAND OPERATION CODE */
    InvalidOpcode = 0x052000,
    /** LOGICAL BLOCK ADDRESS OUT OF RANGE */
    LbaOutOfRange = 0x052100,
    /** INVALID FIELD IN CDB */
    InvalidField = 0x052400,
    /** LOGICAL UNIT NOT SUPPORTED */
    LunNotSupported = 0x052500,
    /** SAVING PARAMETERS NOT SUPPORTED */
    SavingNotSupported = 0x053900,
    /** POWER ON, RESET, OR BUS DEVICE RESET OCCURRED */
    PowerOn = 0x062900,
    /** BUS DEVICE RESET FUNCTION OCCURRED */
    DeviceReset = 0x062903,
    /** PROTOCOL SERVICE CRC ERROR / incorrect amount of data: SAM-5 5.9 */
    DataPhase = 0x0b4b00,
    /** MISCOMPARE DURING VERIFY OPERATION */
    Miscompare = 0x0e1d00,
}

/** Fixed-format sense data, SPC-4 4.5.3. */
export const SENSE_SIZE = 18
const SENSE_CURRENT = 0x70

/** Writes fixed-format sense data. */
export function putSense(b: Buffer, at: number, sense: number) {
    b.fillAt(at, SENSE_SIZE, 0)
    b[at] = SENSE_CURRENT
    b[at + 2] = sense >> 16
    b[at + 7] = SENSE_SIZE - 8
    b[at + 12] = sense >> 8
    b[at + 13] = sense
}

/** FUA in READ and WRITE (10), (12) and (16), byte 1. */
export const FUA = 0x08
/** BYTCHK in VERIFY, byte 1. */
export const BYTCHK = 0x06
