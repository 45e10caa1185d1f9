#include "server/http/tls_engine.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "base/text.h"
#include "server/http/certificate.h"
#include "tests/base/temp_folder.h"

namespace tapiary::server {
namespace {

namespace asio = boost::asio;

using Context = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;

std::string RandomText(std::size_t size) {
  std::mt19937_64 random(7);
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

// The other end is OpenSSL's own, in memory. Bytes go to and fro by Move, `step` at a time.
class TlsEngineTest : public testing::Test {
 protected:
  void SetUp() override {
    const std::string certificate = folder_.path() + "/c.crt", key = folder_.path() + "/c.key";
    ASSERT_TRUE(EnsureCertificate(certificate, key, {}));
    ASSERT_EQ(SSL_CTX_use_certificate_file(server_.get(), certificate.c_str(), SSL_FILETYPE_PEM),
              1);
    ASSERT_EQ(SSL_CTX_use_PrivateKey_file(server_.get(), key.c_str(), SSL_FILETYPE_PEM), 1);
    engine_ = std::make_unique<TlsEngine>(server_.get());
    client_.reset(SSL_new(client_context_.get()));
    SSL_set_connect_state(client_.get());
    SSL_set_bio(client_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  }

  // What the engine has to say to the client, and what that has said into the engine's room.
  void Move(std::size_t step = SIZE_MAX) {
    const std::string_view said = engine_->output();
    if (!said.empty()) BIO_write(SSL_get_rbio(client_.get()), said.data(), Int(said.size()));
    engine_->ClearOutput();
    const auto room = engine_->InputRoom();
    const int count =
        BIO_read(SSL_get_wbio(client_.get()), room.data(), Int(std::min(step, room.size())));
    if (count > 0) engine_->AddInput(static_cast<std::size_t>(count));
  }
  void ShakeHands(std::size_t step = SIZE_MAX) {
    bool done = false;
    for (int i = 0; i < 10'000 && !done; ++i) {
      const bool client = SSL_do_handshake(client_.get()) == 1;
      const TlsEngine::Step mine = engine_->Handshake();
      ASSERT_FALSE(mine.error) << mine.error.message();
      done = client && !mine.needs_input;
      Move(step);
    }
    ASSERT_TRUE(done);
  }
  void Say(std::string_view text) {
    ASSERT_EQ(SSL_write(client_.get(), text.data(), Int(text.size())), Int(text.size()));
  }
  TlsEngine::Step Read(std::size_t size, std::string* to) {
    std::vector<std::uint8_t> into(size);
    const TlsEngine::Step step = engine_->Read(into);
    *to += base::AsText(std::span(into).first(step.count));
    return step;
  }
  static int Int(std::size_t size) {
    return static_cast<int>(std::min(size, std::size_t{1} << 30));
  }

  base::TempFolder folder_;
  Context server_{SSL_CTX_new(TLS_server_method()), SSL_CTX_free};
  Context client_context_{SSL_CTX_new(TLS_client_method()), SSL_CTX_free};
  std::unique_ptr<TlsEngine> engine_;
  std::unique_ptr<SSL, decltype(&SSL_free)> client_{nullptr, SSL_free};
};

TEST_F(TlsEngineTest, ReadsWhatWasSaidHoweverItCame) {
  for (const std::size_t step : {std::size_t{1}, std::size_t{1000}, SIZE_MAX}) {
    SetUp();
    ShakeHands(step);
    const std::string text = RandomText(100'000);
    Say(text);
    std::string read;
    for (int i = 0; i < 200'000 && read.size() < text.size(); ++i) {
      const TlsEngine::Step mine = Read(50'000, &read);
      ASSERT_FALSE(mine.error) << mine.error.message();
      EXPECT_EQ(mine.count == 0, mine.needs_input);
      if (mine.needs_input) Move(step);
    }
    EXPECT_EQ(read, text) << step;
  }
}

// What 64 KiB of the connection hold is decrypted in one step.
TEST_F(TlsEngineTest, ReadsSeveralRecordsAtOnce) {
  ShakeHands();
  Move();
  Say(std::string(100'000, 'x'));
  std::string read;
  EXPECT_TRUE(Read(100'000, &read).needs_input);
  Move();
  EXPECT_EQ(Read(100'000, &read).count, 3u * 16'384);
  EXPECT_TRUE(Read(100'000, &read).needs_input);
}

TEST_F(TlsEngineTest, WritesWhatIsReadOnTheOtherSide) {
  ShakeHands();
  Move();
  const std::string text = RandomText(50'000);
  EXPECT_EQ(engine_->Write(base::AsBytes(text)).count, text.size());
  EXPECT_EQ(engine_->Write({}).count, 0u);
  Move();
  std::string read(text.size(), '\0');
  std::size_t size = 0;
  while (size < read.size()) {
    const int count = SSL_read(client_.get(), read.data() + size, Int(read.size() - size));
    ASSERT_GT(count, 0);
    size += static_cast<std::size_t>(count);
  }
  EXPECT_EQ(read, text);
  EXPECT_TRUE(engine_->output().empty());
}

TEST_F(TlsEngineTest, SaysFarewellAndHearsIt) {
  ShakeHands();
  Move();
  Say("last words");
  SSL_shutdown(client_.get());
  Move();
  std::string read;
  EXPECT_FALSE(Read(100, &read).error);
  EXPECT_EQ(read, "last words");
  EXPECT_EQ(Read(100, &read).error, asio::error::eof);
  const TlsEngine::Step mine = engine_->Shutdown();
  EXPECT_FALSE(mine.error || mine.needs_input);
  Move();
  EXPECT_EQ(SSL_shutdown(client_.get()), 1);
}

TEST_F(TlsEngineTest, WaitsForTheOthersFarewell) {
  ShakeHands();
  Move();
  EXPECT_TRUE(engine_->Shutdown().needs_input);
  EXPECT_FALSE(engine_->output().empty());
  Move();
  SSL_shutdown(client_.get());
  Move();
  const TlsEngine::Step mine = engine_->Shutdown();
  EXPECT_FALSE(mine.error || mine.needs_input);
}

TEST_F(TlsEngineTest, TellsWhatIsNoTls) {
  const std::string_view plain = "GET / HTTP/1.1\r\n\r\n";
  std::ranges::copy(plain, engine_->InputRoom().begin());
  engine_->AddInput(plain.size());
  const TlsEngine::Step mine = engine_->Handshake();
  EXPECT_EQ(mine.error.category(), asio::error::get_ssl_category());
  EXPECT_FALSE(mine.needs_input);
}

// What came before stands; what was changed on its way does not, and the other end hears of it.
TEST_F(TlsEngineTest, TellsARecordThatWasChanged) {
  ShakeHands();
  Move();
  Say("first");
  Move();
  Say("second");
  const auto room = engine_->InputRoom();
  const int count = BIO_read(SSL_get_wbio(client_.get()), room.data(), Int(room.size()));
  ASSERT_GT(count, 0);
  room[static_cast<std::size_t>(count) - 1] ^= 1;
  engine_->AddInput(static_cast<std::size_t>(count));
  std::string read;
  EXPECT_FALSE(Read(100, &read).error);
  EXPECT_EQ(read, "first");
  EXPECT_EQ(Read(100, &read).error.category(), asio::error::get_ssl_category());
  EXPECT_FALSE(engine_->output().empty());
}

TEST_F(TlsEngineTest, AConnectionThatEndsWithoutFarewellWasCutOff) {
  EXPECT_EQ(TlsEngine::AfterLoss(asio::error::eof), asio::ssl::error::stream_truncated);
  EXPECT_EQ(TlsEngine::AfterLoss(asio::error::connection_reset), asio::error::connection_reset);
}

}  // namespace
}  // namespace tapiary::server
