/**
 * The language of the door between firmware and bench: numbers both know.
 *
 * The firmware registers one small buffer, `ctl`, with the first message.
 * From then on a message in `ctl` is an operation, and a message in any other
 * buffer is an SPI transfer that the bench carries out in place.
 */

/** Size of the control buffer. */
export const CTL_SIZE = 8

/** Byte 3 of `ctl`: 1 before a transfer that had to be copied to be in place. */
export const CTL_COPIED = 3

/** Byte 0 of `ctl`: the operation. */
export enum DoorOp {
    /** ctl[1] pin, ctl[2] mode */
    PinMode = 1,
    /** ctl[1] pin; answers its level */
    PinRead = 2,
    /** u32 at 4: hertz */
    SpiConfigure = 3,
    /** a transfer without a receive buffer follows */
    SpiSendOnly = 4,
    /** a transfer without a send buffer follows */
    SpiReceiveOnly = 5,
    /** u32 at 4: at most so many milliseconds */
    Idle = 6,
}

/** What the door answers to an SPI transfer that it refuses. */
export const SPI_REFUSED = -1

/** Pins by number at the door; the order of `Pins`. */
export enum DoorPin {
    CsHome = 0,
    CsPartner,
    CsLink,
    CsCard,
    BeatOut,
    BeatIn,
    Fence,
    Present,
    IntHome,
    IntPartner,
    IntLink,
}
