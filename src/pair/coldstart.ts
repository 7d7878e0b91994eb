/**
 * Who serves a volume when two boards meet, by what their cards say. Pure, and
 * symmetrical: both boards come to the same answer.
 */
import { VolumeFlag } from "../wire/card"

/** Epoch of a copy that counts for nothing, beside any other. */
export const DISCARDED = 0

export enum Verdict {
    /** both copies are equal: the home serves, the other mirrors */
    Mirrored = 0,
    /** the home has the newer copy, or the only one that may be trusted */
    Home,
    /** the partner went on alone: its copy is the newer one */
    Partner,
    /** both went on alone: each copy has writes that the other has not; or the
     * newest copy may be on neither card */
    Split,
}

/** Either of these on either card: the copies may differ, or will. */
const NOT_EQUAL = VolumeFlag.Active | VolumeFlag.Outdated

/**
 * @param homeEpoch what the card at the volume's home says
 * @param homeBase if it was alone: the last epoch of which it has everything; 0:
 * it is not known
 * @param partnerEpoch what the card at its mirror says
 */
export function judgeVolume(
    homeEpoch: number,
    homeFlags: number,
    homeBase: number,
    partnerEpoch: number,
    partnerFlags: number,
    partnerBase: number,
): Verdict {
    // a card that was never in step knows nothing, whatever its epoch
    const isFresh = (homeFlags & VolumeFlag.Fresh) !== 0
    if (isFresh !== ((partnerFlags & VolumeFlag.Fresh) !== 0))
        return isFresh
            ? besideNewCard(partnerEpoch, partnerFlags, Verdict.Partner)
            : besideNewCard(homeEpoch, homeFlags, Verdict.Home)
    // one that has been caught up since goes on from the other's epoch
    const lacksOther = homeBase < partnerEpoch && partnerBase < homeEpoch
    if ((homeFlags & partnerFlags & VolumeFlag.Alone) !== 0)
        if (lacksOther || homeEpoch === partnerEpoch) return Verdict.Split
    if (homeEpoch > partnerEpoch) return Verdict.Home
    if (partnerEpoch > homeEpoch) return Verdict.Partner
    // one epoch: neither went on alone. Both were in step, unless writes were
    // under way when both lost power; then the home's word counts. A copy that
    // was given up by who mirrored it, be it the home, is not taken back, though
    // the other did not come to raise its epoch, or its card has lost that
    if (((homeFlags | partnerFlags) & NOT_EQUAL) === 0) return Verdict.Mirrored
    if ((homeFlags & ~partnerFlags & VolumeFlag.Outdated) !== 0)
        return Verdict.Partner
    return Verdict.Home
}

/**
 * The board that has a new card now may have gone on alone with its old one. It
 * has not if the other did, or if there was nothing yet to go on with.
 * @param used where the card is that is not new
 */
function besideNewCard(epoch: number, flags: number, used: Verdict): Verdict {
    if ((flags & (VolumeFlag.Alone | VolumeFlag.First)) !== 0)
        if ((flags & VolumeFlag.Outdated) === 0) return used
    if (epoch !== DISCARDED) return Verdict.Split
    return used === Verdict.Home ? Verdict.Partner : Verdict.Home
}
