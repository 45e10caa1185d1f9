#include "server/http/certificate.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <memory>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"

namespace tapiary::server {
namespace {

template <auto Function>
struct Deleter {
  template <class T>
  void operator()(T* object) const {
    Function(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using Memory = std::unique_ptr<BIO, Deleter<BIO_free>>;

constexpr long kSlackSeconds = 3600;  // clocks of sensors may be behind
constexpr long kLifeSeconds = 10L * 365 * 24 * 3600;
constexpr std::size_t kMaxFile = 1024 * 1024;
constexpr int kVersion3 = 2;  // X.509 counts from 0

base::Error Failure(const char* what) {
  const unsigned long code = ERR_get_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  ERR_clear_error();
  return base::MakeError(base::ErrorCode::kInternal, std::string("cannot ") + what + ": " +
                                                         (reason == nullptr ? "unknown" : reason));
}

bool IsAddress(const std::string& name) {
  std::array<unsigned char, sizeof(in6_addr)> address;
  return inet_pton(AF_INET, name.c_str(), address.data()) == 1 ||
         inet_pton(AF_INET6, name.c_str(), address.data()) == 1;
}

// A name goes into OpenSSL's comma-separated syntax, so it must hold no separator of it.
bool IsHostName(const std::string& name) {
  return !name.empty() && name.size() <= 253 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
  });
}

// "DNS:a,IP:1.2.3.4", each name once.
base::Result<std::string> SubjectNames(const std::vector<std::string>& wanted) {
  std::vector<std::string> names = wanted;
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) == 0 && IsHostName(host.data())) {
    names.emplace_back(host.data());
  }
  for (const char* local : {"localhost", "127.0.0.1", "::1"}) names.emplace_back(local);
  std::vector<std::string> entries;
  for (const std::string& name : names) {
    const bool address = IsAddress(name);
    if (!address && !IsHostName(name)) {
      return base::MakeError(base::ErrorCode::kInvalid, "neither a host name nor an address: \"" +
                                                            base::EscapeBytes(name) + "\"");
    }
    std::string entry = (address ? "IP:" : "DNS:") + name;
    if (std::find(entries.begin(), entries.end(), entry) == entries.end()) {
      entries.push_back(std::move(entry));
    }
  }
  std::string text;
  for (const std::string& entry : entries) text += (text.empty() ? "" : ",") + entry;
  return text;
}

bool AddExtension(X509* certificate, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  if (extension == nullptr) return false;
  const bool added = X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return added;
}

bool SetSerial(X509* certificate) {
  std::array<unsigned char, 16> serial;
  if (RAND_bytes(serial.data(), static_cast<int>(serial.size())) != 1) return false;
  serial[0] = static_cast<unsigned char>((serial[0] & 0x7f) | 0x40);  // positive, never zero
  BIGNUM* number = BN_bin2bn(serial.data(), static_cast<int>(serial.size()), nullptr);
  const bool set = number != nullptr &&
                   BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nullptr;
  BN_free(number);
  return set;
}

bool SetName(X509* certificate) {
  X509_NAME* name = X509_get_subject_name(certificate);
  const auto* text = reinterpret_cast<const unsigned char*>("Tapiary collector");
  return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, text, -1, -1, 0) == 1 &&
         X509_set_issuer_name(certificate, name) == 1;
}

base::Result<Certificate> MakeCertificate(EVP_PKEY* key, const std::string& names) {
  Certificate made(X509_new());
  X509* certificate = made.get();
  const bool done =
      certificate != nullptr && X509_set_version(certificate, kVersion3) == 1 &&
      SetSerial(certificate) && SetName(certificate) &&
      X509_gmtime_adj(X509_getm_notBefore(certificate), -kSlackSeconds) != nullptr &&
      X509_gmtime_adj(X509_getm_notAfter(certificate), kLifeSeconds) != nullptr &&
      X509_set_pubkey(certificate, key) == 1 &&
      AddExtension(certificate, NID_basic_constraints, "critical,CA:TRUE") &&
      AddExtension(certificate, NID_key_usage, "critical,digitalSignature,keyCertSign") &&
      AddExtension(certificate, NID_ext_key_usage, "serverAuth") &&
      AddExtension(certificate, NID_subject_key_identifier, "hash") &&
      AddExtension(certificate, NID_subject_alt_name, names) &&
      X509_sign(certificate, key, EVP_sha256()) > 0;
  if (!done) return Failure("make a certificate");
  return made;
}

std::string Contents(BIO* memory) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory, &data);
  return {data, static_cast<std::size_t>(size)};
}

base::Result<Certificate> ReadCertificate(const std::string& file) {
  TAPIARY_ASSIGN(const std::string pem, base::ReadFile(file, kMaxFile));
  const Memory memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Certificate certificate(memory ? PEM_read_bio_X509(memory.get(), nullptr, nullptr, nullptr)
                                 : nullptr);
  if (certificate) return certificate;
  ERR_clear_error();
  return base::MakeError(base::ErrorCode::kCorrupt,
                         file + " does not hold a certificate in PEM form");
}

base::Result<Key> ReadKey(const std::string& file) {
  TAPIARY_ASSIGN(const std::string pem, base::ReadFile(file, kMaxFile));
  const Memory memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Key key(memory ? PEM_read_bio_PrivateKey(memory.get(), nullptr, nullptr, nullptr) : nullptr);
  if (!key) return Failure(("read the key " + file).c_str());
  return key;
}

base::Result<> WriteKey(const std::string& file, EVP_PKEY* key) {
  const Memory pem(BIO_new(BIO_s_mem()));
  if (!pem ||
      PEM_write_bio_PrivateKey(pem.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return Failure("write a key as PEM");
  }
  return base::WriteFileDurably(file, base::AsBytes(Contents(pem.get())), 0600);
}

base::Result<> WriteCertificate(const std::string& file, X509* certificate) {
  const Memory pem(BIO_new(BIO_s_mem()));
  if (!pem || PEM_write_bio_X509(pem.get(), certificate) != 1) {
    return Failure("write a certificate as PEM");
  }
  return base::WriteFileDurably(file, base::AsBytes(Contents(pem.get())), 0644);
}

base::Result<> MakePair(const std::string& certificate_file, const std::string& key_file,
                        const std::vector<std::string>& names) {
  TAPIARY_ASSIGN(const std::string subject_names, SubjectNames(names));
  const Key key(EVP_EC_gen("P-256"));
  if (!key) return Failure("make a key");
  TAPIARY_ASSIGN(const Certificate certificate, MakeCertificate(key.get(), subject_names));
  // The key first: a certificate without its key is the state that nobody could explain.
  TAPIARY_TRY(WriteKey(key_file, key.get()));
  const auto written = WriteCertificate(certificate_file, certificate.get());
  if (!written) ::unlink(key_file.c_str());  // so that the next start tries again
  return written;
}

// The same key, so that who has pinned it notices nothing.
base::Result<> Renew(const std::string& certificate_file, const std::string& key_file,
                     const std::vector<std::string>& names) {
  TAPIARY_ASSIGN(const std::string subject_names, SubjectNames(names));
  TAPIARY_ASSIGN(const Key key, ReadKey(key_file));
  TAPIARY_ASSIGN(const Certificate certificate, MakeCertificate(key.get(), subject_names));
  TAPIARY_TRY(WriteCertificate(certificate_file, certificate.get()));
  base::LogWarning("certificate {} was about to end and is made anew: give it to the sensors",
                   certificate_file);
  return {};
}

}  // namespace

base::Result<> EnsureCertificate(const std::string& certificate_file, const std::string& key_file,
                                 const std::vector<std::string>& names, std::int64_t now_ns) {
  const bool have_certificate = ::access(certificate_file.c_str(), F_OK) == 0;
  const bool have_key = ::access(key_file.c_str(), F_OK) == 0;
  if (!have_certificate && !have_key) return MakePair(certificate_file, key_file, names);
  if (have_certificate != have_key) {
    const std::string& there = have_certificate ? certificate_file : key_file;
    const std::string& missing = have_certificate ? key_file : certificate_file;
    return base::MakeError(
        base::ErrorCode::kConflict,
        there + " is there but " + missing + " is missing: bring it back, or remove the other one");
  }
  TAPIARY_ASSIGN(const std::int64_t end_ns, CertificateEnd(certificate_file));
  if (end_ns - now_ns >= kRenewBeforeNs) return {};
  return Renew(certificate_file, key_file, names);
}

base::Result<> CheckCertificateNames(const std::vector<std::string>& names) {
  TAPIARY_TRY(SubjectNames(names));
  return {};
}

base::Result<std::vector<std::string>> NamesNotIn(const std::string& certificate_file,
                                                  const std::vector<std::string>& names) {
  TAPIARY_ASSIGN(const Certificate certificate, ReadCertificate(certificate_file));
  std::vector<std::string> others;
  for (const std::string& name : names) {
    const int fits = IsAddress(name)
                         ? X509_check_ip_asc(certificate.get(), name.c_str(), 0)
                         : X509_check_host(certificate.get(), name.data(), name.size(), 0, nullptr);
    if (fits != 1) others.push_back(name);
  }
  return others;
}

base::Result<std::int64_t> CertificateEnd(const std::string& certificate_file) {
  TAPIARY_ASSIGN(const Certificate certificate, ReadCertificate(certificate_file));
  std::tm parts{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &parts) != 1) {
    return Failure("read the end of a certificate");
  }
  constexpr std::int64_t kMost = INT64_MAX / base::kNanosPerSecond;
  return std::min<std::int64_t>(timegm(&parts), kMost) * base::kNanosPerSecond;
}

base::Result<std::string> CertificateFingerprint(const std::string& certificate_file) {
  TAPIARY_ASSIGN(const Certificate certificate, ReadCertificate(certificate_file));
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  if (X509_digest(certificate.get(), EVP_sha256(), digest.data(), &size) != 1) {
    return Failure("hash a certificate");
  }
  std::string text;
  for (unsigned i = 0; i < size; ++i) {
    std::array<char, 4> byte;
    std::snprintf(byte.data(), byte.size(), i == 0 ? "%02X" : ":%02X", digest[i]);
    text += byte.data();
  }
  return text;
}

}  // namespace tapiary::server
