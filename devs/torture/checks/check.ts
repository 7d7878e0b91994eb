/** What must be true of a history, whatever its faults were. */
import type { Scene } from "../scene.ts"

export interface Check {
    name: string
    /** what it makes sure of */
    promise: string
    /** says something only of a history that came to its end */
    needsEnd?: boolean
    /**
     * Begins to watch.
     * @returns what is called at the end, and tells what was wrong
     */
    watch(scene: Scene): () => string[]
}
