/** Help of the command lines: wrapped while this width is left for the texts. The default of Commander is 40. */
export const HELP_FORMAT = { minWidthToWrap: 20 } as const;
