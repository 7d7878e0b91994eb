/** W5500 registers, W5500 datasheet v1.1.0, chapters 3 and 4. */

/** Offsets in the common register block. */
export const Common = {
    MR: 0x00,
    GAR: 0x01,
    SUBR: 0x05,
    SHAR: 0x09,
    SIPR: 0x0f,
    INTLEVEL: 0x13,
    IR: 0x15,
    IMR: 0x16,
    SIR: 0x17,
    SIMR: 0x18,
    RTR: 0x19,
    RCR: 0x1b,
    PTIMER: 0x1c,
    PMRU: 0x26,
    PHYCFGR: 0x2e,
    VERSIONR: 0x39,
    SIZE: 0x40,
} as const

export const MR_RST = 0x80
export const IR_CONFLICT = 0x80
export const PHYCFGR_RST = 0x80
export const PHYCFGR_LNK = 0x01
export const PHYCFGR_FULL_100 = 0x06
export const VERSION = 0x04
/** RTR counts in units of so many microseconds. */
export const RTR_US = 100

/** Offsets in a socket's register block. */
export const Sn = {
    MR: 0x00,
    CR: 0x01,
    IR: 0x02,
    SR: 0x03,
    PORT: 0x04,
    DHAR: 0x06,
    DIPR: 0x0c,
    DPORT: 0x10,
    MSSR: 0x12,
    TOS: 0x15,
    TTL: 0x16,
    RXBUF_SIZE: 0x1e,
    TXBUF_SIZE: 0x1f,
    TX_FSR: 0x20,
    TX_RD: 0x22,
    TX_WR: 0x24,
    RX_RSR: 0x26,
    RX_RD: 0x28,
    RX_WR: 0x2a,
    IMR: 0x2c,
    FRAG: 0x2d,
    KPALVTR: 0x2f,
    SIZE: 0x30,
} as const

/** Sn_MR, the protocol in bits 3 to 0. */
export enum Protocol {
    Closed = 0,
    Tcp = 1,
    Udp = 2,
    MacRaw = 4,
}

/** Sn_CR */
export enum Command {
    Open = 0x01,
    Listen = 0x02,
    Connect = 0x04,
    Discon = 0x08,
    Close = 0x10,
    Send = 0x20,
    SendMac = 0x21,
    SendKeep = 0x22,
    Recv = 0x40,
}

/** Sn_IR */
export enum Interrupt {
    Con = 0x01,
    Discon = 0x02,
    Recv = 0x04,
    Timeout = 0x08,
    SendOk = 0x10,
}

/** Sn_SR */
export enum Status {
    Closed = 0x00,
    Init = 0x13,
    Listen = 0x14,
    SynSent = 0x15,
    SynRecv = 0x16,
    Established = 0x17,
    FinWait = 0x18,
    CloseWait = 0x1c,
    LastAck = 0x1d,
    Udp = 0x22,
}

/** Byte 2 of an SPI frame: block select, read or write, operation mode. */
export enum BlockKind {
    Common = 0,
    Socket = 1,
    Tx = 2,
    Rx = 3,
}

export const SOCKETS = 8
/** Memory for all sockets' buffers of one direction. */
export const BUFFER_MEMORY = 16384
/** Fastest SPI clock that the datasheet guarantees. */
export const MAX_SPI_HZ = 33_300_000
