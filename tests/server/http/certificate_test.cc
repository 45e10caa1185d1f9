#include "server/http/certificate.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <cstdio>
#include <memory>

#include "base/file.h"
#include "tests/base/temp_folder.h"

namespace tapiary::server {
namespace {

struct Files {
  base::TempFolder folder;
  std::string certificate = folder.path() + "/c.crt";
  std::string key = folder.path() + "/c.key";
};

unsigned Mode(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 0777 : 0;
}

using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

Certificate Read(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "r");
  if (file == nullptr) return {nullptr, X509_free};
  Certificate certificate(PEM_read_X509(file, nullptr, nullptr, nullptr), X509_free);
  std::fclose(file);
  return certificate;
}

// X509_V_OK when `certificate` is trusted as its own CA, for a TLS server.
int Verify(X509* certificate) {
  X509_STORE* store = X509_STORE_new();
  X509_STORE_add_cert(store, certificate);
  X509_STORE_CTX* context = X509_STORE_CTX_new();
  X509_STORE_CTX_init(context, store, certificate, nullptr);
  X509_STORE_CTX_set_purpose(context, X509_PURPOSE_SSL_SERVER);
  X509_verify_cert(context);
  const int error = X509_STORE_CTX_get_error(context);
  X509_STORE_CTX_free(context);
  X509_STORE_free(store);
  return error;
}

TEST(Certificate, IsItsOwnCaForItsNames) {
  const Files files;
  ASSERT_TRUE(EnsureCertificate(files.certificate, files.key, {"tap.example", "192.0.2.1"}));
  EXPECT_EQ(Mode(files.certificate), 0644U);
  EXPECT_EQ(Mode(files.key), 0600U);
  const Certificate certificate = Read(files.certificate);
  ASSERT_TRUE(certificate);
  EXPECT_EQ(Verify(certificate.get()), X509_V_OK);
  for (const char* name : {"tap.example", "localhost"}) {
    EXPECT_EQ(X509_check_host(certificate.get(), name, 0, 0, nullptr), 1) << name;
  }
  EXPECT_EQ(X509_check_host(certificate.get(), "other.example", 0, 0, nullptr), 0);
  for (const char* address : {"192.0.2.1", "127.0.0.1", "::1"}) {
    EXPECT_EQ(X509_check_ip_asc(certificate.get(), address, 0), 1) << address;
  }
  EXPECT_EQ(X509_check_ip_asc(certificate.get(), "192.0.2.2", 0), 0);
}

TEST(Certificate, LeavesAPairAlone) {
  const Files files;
  ASSERT_TRUE(EnsureCertificate(files.certificate, files.key, {}));
  const auto first = CertificateFingerprint(files.certificate);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->size(), 95U);
  ASSERT_TRUE(EnsureCertificate(files.certificate, files.key, {"new.example"}));
  EXPECT_EQ(*CertificateFingerprint(files.certificate), *first);
  EXPECT_EQ(*NamesNotIn(files.certificate, {"new.example", "localhost", "127.0.0.1", "192.0.2.7"}),
            (std::vector<std::string>{"new.example", "192.0.2.7"}));
}

TEST(Certificate, HalfAPairIsAnErrorThatNamesIt) {
  const Files files;
  files.folder.File("c.crt", "x");
  const auto result = EnsureCertificate(files.certificate, files.key, {});
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find("c.key is missing"), std::string::npos);
  EXPECT_EQ(Mode(files.key), 0U);
  EXPECT_EQ(CertificateFingerprint(files.certificate).error().code, base::ErrorCode::kCorrupt);
}

TEST(Certificate, ANameCannotAddOthers) {
  const Files files;
  for (const char* name : {"a,DNS:b", "", "a b", "a\n"}) {
    EXPECT_FALSE(EnsureCertificate(files.certificate, files.key, {name})) << name;
  }
  EXPECT_EQ(Mode(files.key), 0U);
}

TEST(Certificate, IsMadeAnewForTheSameKeyBeforeItEnds) {
  const Files files;
  ASSERT_TRUE(EnsureCertificate(files.certificate, files.key, {"tap.example"}));
  const auto end = CertificateEnd(files.certificate);
  ASSERT_TRUE(end);
  const std::int64_t day = 24LL * 3600 * base::kNanosPerSecond;
  EXPECT_NEAR(static_cast<double>((*end - base::WallNow()) / day), 3650, 1);
  const std::string before = *CertificateFingerprint(files.certificate);
  const std::string key = *base::ReadFile(files.key, 10'000);
  ASSERT_TRUE(EnsureCertificate(files.certificate, files.key, {}, *end - 31 * day));
  EXPECT_EQ(*CertificateFingerprint(files.certificate), before);
  ASSERT_TRUE(EnsureCertificate(files.certificate, files.key, {}, *end - 29 * day));
  EXPECT_NE(*CertificateFingerprint(files.certificate), before);
  EXPECT_EQ(*base::ReadFile(files.key, 10'000), key);
  EXPECT_EQ(Mode(files.key), 0600U);
  EXPECT_EQ(Verify(Read(files.certificate).get()), X509_V_OK);
}

}  // namespace
}  // namespace tapiary::server
