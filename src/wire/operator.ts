/** How an operator's command comes: services/operator.md. */

/** Index of the service in the device that the program is. */
export const OPERATOR_SERVICE = 1
/** Its action `run`: the payload is the command's name. */
export const OPERATOR_RUN = 0x80
export const COMMAND_NAME_MAX = 16

/** @returns the command's name; empty when the payload is none */
export function commandName(payload: Buffer): string {
    if (payload.length > COMMAND_NAME_MAX) return ""
    for (let i = 0; i < payload.length; ++i)
        if (payload[i] < 0x21 || payload[i] > 0x7e) return ""
    return payload.toString()
}
