/** A scheme's name: it is typed on command lines and written into headers. */
export const SCHEME_NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/

export const SCHEME_NAME_IS = 'lower case letters, digits and single dashes'
