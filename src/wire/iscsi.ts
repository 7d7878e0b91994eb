/**
 * Layout of iSCSI PDUs, RFC 7143 chapter 11. Offsets are within the 48-byte
 * basic header segment.
 */

export const BHS = 48

/** Opcodes, 11.2.1.2; the initiator's have bit 6 for immediate delivery. */
export enum Op {
    NopOut = 0x00,
    Command = 0x01,
    TaskManagement = 0x02,
    Login = 0x03,
    Text = 0x04,
    DataOut = 0x05,
    Logout = 0x06,
    Snack = 0x10,
    NopIn = 0x20,
    Response = 0x21,
    TaskManagementResponse = 0x22,
    LoginResponse = 0x23,
    TextResponse = 0x24,
    DataIn = 0x25,
    LogoutResponse = 0x26,
    R2t = 0x31,
    Async = 0x32,
    Reject = 0x3f,
}

export const OPCODE_MASK = 0x3f
export const IMMEDIATE = 0x40
/** Byte 1, in all PDUs. */
export const FINAL = 0x80
export const CONTINUE = 0x40

/** Fields that all PDUs have. */
export const OPCODE = 0
export const FLAGS = 1
/** in units of 4 bytes */
export const AHS_LENGTH = 4
export const DATA_LENGTH = 5
export const LUN = 8
export const ITT = 16
/** Initiator's: CmdSN and ExpStatSN; target's: StatSN, ExpCmdSN, MaxCmdSN. */
export const CMD_SN = 24
export const EXP_STAT_SN = 28
export const STAT_SN = 24
export const EXP_CMD_SN = 28
export const MAX_CMD_SN = 32

/** Tags that name no task. */
export const NO_TAG = 0xffffffff

/** SCSI Command, 11.3 */
export const COMMAND_READ = 0x40
export const COMMAND_WRITE = 0x20
export const EXPECTED_LENGTH = 20
export const CDB = 32

/** SCSI Response, 11.4 */
export const RESPONSE = 2
export const STATUS = 3
export const RESIDUAL_OVERFLOW = 0x04
export const RESIDUAL_UNDERFLOW = 0x02
export const RESIDUAL_COUNT = 44

/** Data-Out and Data-In, 11.7; R2T, 11.8 */
export const TTT = 20
export const DATA_SN = 36
export const R2T_SN = 36
export const BUFFER_OFFSET = 40
export const DESIRED_LENGTH = 44
export const DATA_IN_STATUS = 0x01

/** Task management, 11.5 and 11.6 */
export const TMF_FUNCTION_MASK = 0x7f
export const REFERENCED_TAG = 20
export enum Tmf {
    AbortTask = 1,
    AbortTaskSet = 2,
    ClearAca = 3,
    ClearTaskSet = 4,
    LunReset = 5,
    TargetWarmReset = 6,
    TargetColdReset = 7,
    TaskReassign = 8,
}
export enum TmfResponse {
    Complete = 0,
    NoSuchTask = 1,
    NoSuchLun = 2,
    NotSupported = 5,
    Rejected = 255,
}

/** Login, 11.12 and 11.13 */
export const LOGIN_TRANSIT = 0x80
export const VERSION_MAX = 2
export const VERSION_MIN = 3
export const ISID = 8
export const TSIH = 14
export const CID = 20
export const STATUS_CLASS = 36
export const STATUS_DETAIL = 37
/** Stages, in bits 2-3 (current) and 0-1 (next) of byte 1. */
export enum Stage {
    Security = 0,
    Operational = 1,
    FullFeature = 3,
}

/** Status class and detail in one number, 11.13.5. */
export enum LoginStatus {
    Success = 0x0000,
    InitiatorError = 0x0200,
    AuthenticationFailure = 0x0201,
    NotFound = 0x0203,
    TooManyConnections = 0x0206,
    MissingParameter = 0x0207,
    SessionTypeNotSupported = 0x0209,
    SessionDoesNotExist = 0x020a,
    InvalidRequest = 0x020b,
    UnsupportedVersion = 0x0205,
    OutOfResources = 0x0302,
}

/** Logout, 11.14 and 11.15 */
export const LOGOUT_REASON_MASK = 0x7f
export enum LogoutReason {
    CloseSession = 0,
    CloseConnection = 1,
    Recovery = 2,
}
export enum LogoutResponse {
    Closed = 0,
    CidNotFound = 1,
    RecoveryNotSupported = 2,
}

/** Reject, 11.17.1 */
export enum RejectReason {
    ProtocolError = 0x04,
    CommandNotSupported = 0x05,
    ImmediateRejected = 0x06,
    InvalidPduField = 0x09,
}
