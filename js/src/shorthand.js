/**
 * For the bundler only: it puts these in the place of `Math.max` and the like, which minifying leaves as long as they are.
 * The bundle travels with every saved widget.
 */

export const { abs: $abs, floor: $floor, max: $max, min: $min, round: $round } = Math;
export const { freeze: $freeze } = Object;
export const { isFinite: $isFinite, isInteger: $isInteger } = Number;
export const { isArray: $isArray } = Array;
