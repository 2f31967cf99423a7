import type { KeyPairAlgorithm } from './algorithm.ts'

/** Published test keys of RFC 9421, Appendix B.1, whose private halves are published as well: only their kind and size matter here. */
const RSA = `-----BEGIN RSA PUBLIC KEY-----
MIIBCgKCAQEAhAKYdtoeoy8zcAcR874L8cnZxKzAGwd7v36APp7Pv6Q2jdsPBRrw
WEBnez6d0UDKDwGbc6nxfEXAy5mbhgajzrw3MOEt8uA5txSKobBpKDeBLOsdJKFq
MGmXCQvEG7YemcxDTRPxAleIAgYYRjTSd/QBwVW9OwNFhekro3RtlinV0a75jfZg
kne/YiktSvLG34lw2zqXBDTC5NHROUqGTlML4PlNZS5Ri2U4aCNx2rUPRcKIlE0P
uKxI4T+HIaFpv8+rdV6eUgOrB2xeI1dSFFn/nnv5OoZJEIB+VmuKn3DCUcCZSFlQ
PSXSfBDiUGhwOw76WuSSsf1D4b/vLoJ10wIDAQAB
-----END RSA PUBLIC KEY-----
`
const P256 = `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lf
w0EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ==
-----END PUBLIC KEY-----
`
const ED25519 = `-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=
-----END PUBLIC KEY-----
`
/** Made for this purpose; its private half was thrown away. */
const P384 = `-----BEGIN PUBLIC KEY-----
MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAE2XRgZXdEu7J7GkTrwmCV0N8aWL4KjPrH
nCngK7/J+5NlEC88+cmrnHCuJDT1fX82HnkhJVad+F/ZzJz6q8E7wa2nTcj792AC
XjvKOHzhsi6S6ZBGwwRQKfHoaPfSFD6L
-----END PUBLIC KEY-----
`

/** Checked in the place of a key that nobody has, so that both take the same time. */
export const DECOY_PUBLIC_KEYS: { readonly [A in KeyPairAlgorithm]: string } = {
  'rsa-v1_5-sha256': RSA,
  'rsa-v1_5-sha512': RSA,
  'rsa-pss-sha512': RSA,
  'ecdsa-p256-sha256': P256,
  'ecdsa-p384-sha384': P384,
  ed25519: ED25519,
}
