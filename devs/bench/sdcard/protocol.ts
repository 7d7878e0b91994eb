/** SPI mode's numbers; Physical Layer Simplified Specification 6.00, chapter 7. */

/** R1, 7.3.2.1 */
export const R1 = {
    Idle: 0x01,
    IllegalCommand: 0x04,
    CrcError: 0x08,
    EraseSequence: 0x10,
    AddressError: 0x20,
    ParameterError: 0x40,
} as const

/** R2's second byte, 7.3.2.3: a general or unknown error */
export const R2_ERROR = 0x04

/** Tokens, 7.3.3 */
export const Token = {
    Block: 0xfe,
    MultiBlock: 0xfc,
    StopTran: 0xfd,
    ErrorGeneral: 0x01,
    ErrorRange: 0x08,
} as const

/** Data responses, 7.3.3.1 */
export const DataResponse = {
    Accepted: 0x05,
    CrcError: 0x0b,
    WriteError: 0x0d,
} as const

/** Bus clocks: while the card is identified (6.4), and in its speed classes. */
export const INIT_HZ = 400_000
export const DEFAULT_SPEED_HZ = 25_000_000
export const HIGH_SPEED_HZ = 50_000_000

/** Clocks that a card wants to see before its first command (6.4.1): 74. */
export const POWER_UP_BYTES = 10
/** Voltage range of CMD8: 2.7 to 3.6 V. */
export const VHS = 1

/** Commands in idle state (7.2.1), ACMD41 apart, and while data come or go. */
export const IN_IDLE = new Set([0, 1, 8, 55, 58, 59])
export const IN_TRANSFER = new Set([0, 12, 13])
