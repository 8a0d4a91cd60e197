/** Help of the command lines: wrapped as long as a third of a narrow terminal is left for the texts. Commander's own bound is 40. */
export const HELP_FORMAT = { minWidthToWrap: 20 } as const;
