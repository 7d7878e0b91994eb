/**
 * Who serves a volume when two boards meet, by what their cards say. Pure, and
 * symmetrical: both boards come to the same answer.
 */
import { VolumeFlag } from "../wire/card"

export enum Verdict {
    /** both copies are equal: the home serves, the other mirrors */
    Mirrored = 0,
    /** the home has the newer copy, or the only one that may be trusted */
    Home,
    /** the partner went on alone: its copy is the newer one */
    Partner,
}

/**
 * @param homeEpoch what the card at the volume's home says
 * @param partnerEpoch what the card at its mirror says
 */
export function judgeVolume(
    homeEpoch: number,
    homeFlags: number,
    partnerEpoch: number,
    partnerFlags: number,
): Verdict {
    if (homeEpoch > partnerEpoch) return Verdict.Home
    if (partnerEpoch > homeEpoch) return Verdict.Partner
    // both went on alone: whatever the flags say, they are not equal
    if ((homeFlags & partnerFlags & VolumeFlag.Alone) !== 0) return Verdict.Home
    // one epoch: neither went on alone. Both were in step, unless writes were
    // under way when both lost power; then the home's word counts
    if (((homeFlags | partnerFlags) & VolumeFlag.Active) === 0)
        return Verdict.Mirrored
    return Verdict.Home
}
