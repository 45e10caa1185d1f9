// Signed texts: JSON Web Signatures (RFC 7515) by Ed25519 (RFC 8037), so that any JOSE library
// checks what a collector states. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "uplink/wire/signing.h"

namespace tapiary::server {

// The key's thumbprint (RFC 7638).
std::string KeyId(const uplink::PublicKey& key);
// As a JSON Web Key (RFC 7517).
std::string KeyJson(const uplink::PublicKey& key);
// A JWS in compact form of these bytes. Its header names the key.
std::string SignedText(const uplink::SigningKey& key, std::string_view payload);
// The payload when the text is signed by the key, else kCorrupt.
base::Result<std::string> OpenSignedText(const uplink::PublicKey& key, std::string_view text);

}  // namespace tapiary::server
