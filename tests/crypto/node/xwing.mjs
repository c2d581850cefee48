// Encapsulates with chosen randomness (JSON on stdin), as libsodium's crypto_kem_xwing_enc_deterministic
// does: the one step that Python's libraries let nobody repeat.
import { text } from "node:stream/consumers";
import { MLKEM768X25519 } from "@noble/post-quantum/hybrid.js";

const bytes = (hex) => Uint8Array.from(Buffer.from(hex, "hex"));
const hex = (data) => Buffer.from(data).toString("hex");

const answers = JSON.parse(await text(process.stdin)).map(({ recipient, randomness }) => {
  const { cipherText, sharedSecret } = MLKEM768X25519.encapsulate(bytes(recipient), bytes(randomness));
  return { enc: hex(cipherText), secret: hex(sharedSecret) };
});
console.log(JSON.stringify(answers));
