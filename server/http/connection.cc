#include "server/http/connection.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "server/http/exchange.h"
#include "server/http/tls_stream.h"

namespace tapiary::server {

void ServerContext::Count(const std::string& route, const std::string& method, int status) {
  const std::lock_guard lock(mutex);
  ++counts[{route, method, status}];
}

BodyMemory::BodyMemory(ServerContext& context, std::uint64_t bytes)
    : context_(context), bytes_(bytes) {
  granted_ = context_.body_memory.fetch_add(bytes_) + bytes_ <= kBodyMemory;
}

BodyMemory::~BodyMemory() {
  context_.body_memory -= bytes_;
}

namespace {

// A method comes from the wire: what is counted by it must stay few (each row is kept for ever).
std::string CountedMethod(const std::string& method) {
  constexpr std::string_view kKnown[] = {"GET",    "HEAD",  "PUT",    "POST",
                                         "DELETE", "PATCH", "OPTIONS"};
  const bool known = std::find(std::begin(kKnown), std::end(kKnown), method) != std::end(kKnown);
  return known ? method : "other";
}

// Without chunks a client cannot tell an answer that broke off from a whole one.
Response NeedsChunks() {
  return Problem(505, "HTTP/1.1 needed", "this answer comes in chunks: use HTTP/1.1");
}

// Runs `work` on a pool; the connection waits without holding a thread.
template <class Work>
auto OnPool(asio::thread_pool& pool, Work work) {
  using Value = std::invoke_result_t<Work>;
  return asio::co_spawn(
      pool, [work = std::move(work)]() mutable -> asio::awaitable<Value> { co_return work(); },
      asio::use_awaitable);
}

template <class Stream>
class Connection {
 public:
  Connection(ServerContext& context, Stream& stream, LiveConnection& live, std::string peer)
      : context_(context), stream_(stream), live_(live), peer_(std::move(peer)) {}

  asio::awaitable<void> Serve() {
    bool first = true;
    bool keep = true;
    while (keep && !context_.stopping) {
      if (!co_await AwaitRequest(first)) co_return;
      first = false;
      keep = co_await Exchange();
      live_.busy = false;
    }
  }

 private:
  using Parser = http::request_parser<http::buffer_body>;

  // Waits for the first byte: briefly on a new connection, longer on one that was of use before.
  asio::awaitable<bool> AwaitRequest(bool first) {
    if (buffer_.size() > 0) co_return true;
    const HttpServerOptions& options = context_.options;
    ExpireAfter(stream_, first ? options.header_timeout_ns : options.idle_timeout_ns);
    error_code error;
    const std::size_t count = co_await stream_.async_read_some(
        buffer_.prepare(4096), asio::redirect_error(asio::use_awaitable, error));
    buffer_.commit(count);
    co_return !error;
  }

  // One request and its answer; true when the connection goes on.
  asio::awaitable<bool> Exchange() {
    Parser parser;
    body_read_ = false;
    parser.header_limit(kHeaderBytes);
    parser.body_limit(boost::none);  // the route's own limit, in BridgeBody
    ExpireAfter(stream_, context_.options.header_timeout_ns);
    error_code error;
    co_await http::async_read_header(stream_, buffer_, parser,
                                     asio::redirect_error(asio::use_awaitable, error));
    if (error == http::error::header_limit || error == http::error::buffer_overflow) {
      co_return co_await Refuse(Problem(431, "Header too large", "at most 16 KiB"));
    }
    // Beast's own errors are bad HTTP; others are the network's, and nobody is there to answer.
    if (error && error.category() == http::make_error_code(http::error::bad_method).category() &&
        error != http::error::end_of_stream && error != http::error::partial_message) {
      co_return co_await Refuse(Problem(400, "Bad HTTP", error.message()));
    }
    if (error) co_return false;
    body_read_ = parser.is_done();
    co_return co_await Handle(parser);
  }

  asio::awaitable<bool> Refuse(Response response) {
    co_await Send(response, false, "none", "?");
    co_return false;
  }

  asio::awaitable<bool> Handle(Parser& parser) {
    live_.busy = true;
    if (auto refusal = CheckFraming(parser.get().base())) {
      co_return co_await Refuse(std::move(*refusal));
    }
    auto parsed = ToRequest(parser.get().base(), peer_);
    if (!parsed) co_return co_await Refuse(ProblemFor(parsed.error()));
    Request request = std::move(*parsed);
    caller_ = 0;
    if (const auto length = parser.content_length()) request.content_length = *length;

    Admission admission = co_await OnPool(context_.front_pool, [&] {
      return Admit(context_.router, context_.authenticate, context_.options.proxies,
                   parser.chunked(), request);
    });
    caller_ = request.identity.key();
    const std::string route = admission.route ? admission.route->pattern : "none";
    Response response;
    if (admission.refusal) {
      response = std::move(*admission.refusal);
    } else {
      auto answer = co_await Answer(parser, *admission.route, request);
      if (!answer) co_return false;
      response = std::move(*answer);
    }
    const bool old = parser.get().version() < 11;
    if (old && response.stream && request.method != "HEAD") response = NeedsChunks();
    const bool keep = body_read_ && parser.get().keep_alive() && !old && !context_.stopping;
    co_return co_await Send(response, keep, route, request.method);
  }

  // What the handler answers, or why it was not asked; nothing when the client is gone.
  asio::awaitable<std::optional<Response>> Answer(Parser& parser, const Route& route,
                                                  const Request& request) {
    const bool has_body = parser.chunked() || request.content_length.value_or(0) > 0;
    if (route.scope == Scope::kPublic) {
      co_return co_await AnswerPublic(parser, route, request, has_body);
    }
    if (!has_body) co_return co_await AnswerRead(route, request);
    const std::uint64_t announced = request.content_length.value_or(UINT64_MAX);
    const bool small = !parser.chunked() && announced <= context_.options.small_body_bytes &&
                       announced <= route.max_body_bytes;
    const BodyMemory memory(context_, small ? announced : 0);
    if (small && memory.granted()) co_return co_await AnswerReady(parser, route, request);
    BodyPlaces::Place place =
        co_await context_.streamed.Take(request.identity.key(), request.content_length.value_or(0));
    if (place.refusal) co_return std::move(*place.refusal);
    if (!co_await Continue(parser, request)) co_return std::nullopt;
    BridgeBody<Stream> body(context_, stream_, buffer_, parser, route.max_body_bytes);
    Response response =
        co_await OnPool(context_.pool, [&] { return RunHandler(route, request, body); });
    co_await body.Settle();
    body_read_ = body.IsWhole();
    co_return response;
  }

  asio::awaitable<std::optional<Response>> AnswerRead(const Route& route, const Request& request) {
    BodyPlaces::Place place = co_await context_.reads.Take(request.identity.key(), 0);
    if (place.refusal) co_return std::move(*place.refusal);
    MemoryBody none("");
    co_return co_await OnPool(context_.pool, [&] { return RunHandler(route, request, none); });
  }

  // A small body is read first: while it comes, however slowly, it holds no thread.
  asio::awaitable<std::optional<Response>> AnswerReady(Parser& parser, const Route& route,
                                                       const Request& request) {
    if (!co_await Continue(parser, request)) co_return std::nullopt;
    BridgeBody<Stream> body(context_, stream_, buffer_, parser, route.max_body_bytes);
    std::string text(*request.content_length, '\0');
    std::size_t size = 0;
    while (size < text.size()) {
      const auto count = co_await body.ReadSome(std::span(text).subspan(size));
      if (!count) co_return ProblemFor(count.error());
      if (*count == 0) break;
      size += *count;
    }
    text.resize(size);
    body_read_ = body.IsWhole();
    BodyPlaces::Place place = co_await context_.ready.Take(request.identity.key(), size);
    if (place.refusal) co_return std::move(*place.refusal);
    MemoryBody whole(std::move(text));
    co_return co_await OnPool(context_.pool, [&] { return RunHandler(route, request, whole); });
  }

  // Anyone may send this: no thread is taken before the whole (small) body is here.
  asio::awaitable<std::optional<Response>> AnswerPublic(Parser& parser, const Route& route,
                                                        const Request& request, bool has_body) {
    std::string text;
    if (has_body) {
      if (!co_await Continue(parser, request)) co_return std::nullopt;
      const std::size_t most = std::min<std::uint64_t>(route.max_body_bytes, kPublicBodyBytes);
      auto read = co_await ReadPublicBody(parser, most);
      if (!read) co_return ProblemFor(read.error());
      text = std::move(*read);
      body_read_ = true;
    }
    MemoryBody body(std::move(text));
    co_return co_await OnPool(route.slow ? context_.pool : context_.front_pool,
                              [&] { return RunHandler(route, request, body); });
  }

  // One time limit for the whole body, however it drips. After it the stream is closed.
  asio::awaitable<base::Result<std::string>> ReadPublicBody(Parser& parser, std::size_t most) {
    std::string text;
    std::vector<char> piece(most + 1);
    ExpireAfter(stream_, context_.options.header_timeout_ns);
    while (!parser.is_done()) {
      auto& body = parser.get().body();
      body.data = piece.data();
      body.size = piece.size();
      error_code error;
      co_await http::async_read_some(stream_, buffer_, parser,
                                     asio::redirect_error(asio::use_awaitable, error));
      if (error == http::error::need_buffer) error = {};
      if (error) {
        co_return base::MakeError(base::ErrorCode::kInvalid,
                                  "the body ended early: " + error.message());
      }
      text.append(piece.data(), piece.size() - body.size);
      if (text.size() > most) {
        co_return base::MakeError(base::ErrorCode::kTooLarge,
                                  "at most " + std::to_string(most) + " bytes");
      }
    }
    co_return text;
  }

  // curl waits a second for this before it sends a larger body (UP-02). HTTP/1.0 does not know it.
  asio::awaitable<bool> Continue(const Parser& parser, const Request& request) {
    if (parser.get().version() < 11) co_return true;
    if (!beast::iequals(std::string(request.Header("expect")), "100-continue")) co_return true;
    http::response<http::empty_body> go_on{http::status::continue_, 11};
    ExpireAfter(stream_, context_.options.idle_timeout_ns);
    error_code error;
    co_await http::async_write(stream_, go_on, asio::redirect_error(asio::use_awaitable, error));
    co_return !error;
  }

  asio::awaitable<bool> Send(Response& response, bool keep, const std::string& route,
                             const std::string& method) {
    AddSecurityHeaders(std::is_same_v<Stream, TlsStream>, response);
    context_.Count(route, CountedMethod(method), response.status);
    const bool head = method == "HEAD";
    const bool sent = response.stream && !head ? co_await SendStream(response, keep)
                                               : co_await SendText(response, keep, head);
    // A client that is still sending would see a reset instead of the answer: read on for a while.
    if (sent && !keep && !body_read_) co_await Linger();
    co_return sent&& keep;
  }

  asio::awaitable<bool> SendText(Response& response, bool keep, bool head) {
    http::response<http::string_body> message{ToHeader(response)};
    message.keep_alive(keep);
    const bool has_body = response.status != 204 && response.status != 304;
    if (has_body && !(head && response.stream)) message.content_length(response.body.size());
    if (has_body && !head) message.body() = std::move(response.body);
    http::response_serializer<http::string_body> serializer{message};
    if (head) serializer.split(true);
    ExpireAfter(stream_, context_.options.idle_timeout_ns);
    error_code error;
    if (head) {
      co_await http::async_write_header(stream_, serializer,
                                        asio::redirect_error(asio::use_awaitable, error));
    } else {
      co_await http::async_write(stream_, serializer,
                                 asio::redirect_error(asio::use_awaitable, error));
    }
    co_return !error;
  }

  // Pulls and sends piece by piece: a slow reader holds back the source, not memory (CO-12).
  asio::awaitable<bool> SendStream(Response& response, bool keep) {
    http::response<http::buffer_body> message{ToHeader(response)};
    message.keep_alive(keep);
    message.chunked(true);
    message.body().data = nullptr;
    message.body().more = true;
    http::response_serializer<http::buffer_body> serializer{message};
    error_code error;
    ExpireAfter(stream_, context_.options.idle_timeout_ns);
    co_await http::async_write_header(stream_, serializer,
                                      asio::redirect_error(asio::use_awaitable, error));
    std::vector<char> piece(kChunkBytes);
    while (!error && !serializer.is_done()) {
      const auto count = co_await PullSome(response, piece);
      if (!count) co_return false;  // no last chunk: the client sees that it is not whole
      message.body().data = *count > 0 ? piece.data() : nullptr;
      message.body().size = *count;
      message.body().more = *count > 0;
      ExpireAfter(stream_, context_.options.idle_timeout_ns);
      co_await http::async_write(stream_, serializer,
                                 asio::redirect_error(asio::use_awaitable, error));
      if (error == http::error::need_buffer) error = {};
    }
    co_return !error;
  }

  asio::awaitable<base::Result<std::size_t>> PullSome(Response& response, std::span<char> piece) {
    const auto pull = [&] { return Pull(*response.stream, piece); };
    if (response.waits) co_return co_await OnPool(context_.pool, pull);
    BodyPlaces::Place place = co_await context_.pulls.Take(caller_, piece.size());
    if (place.refusal) {
      co_return base::MakeError(base::ErrorCode::kUnavailable, "the collector is stopping");
    }
    co_return co_await OnPool(context_.pool, pull);
  }

  asio::awaitable<void> Linger() {
    error_code error;
    std::size_t total = 0;
    ExpireAfter(stream_, 2 * base::kNanosPerSecond);
    std::vector<char> scratch(kChunkBytes);
    while (!error && total < kLingerBytes) {
      total += co_await stream_.async_read_some(asio::buffer(scratch),
                                                asio::redirect_error(asio::use_awaitable, error));
    }
  }

  ServerContext& context_;
  Stream& stream_;
  LiveConnection& live_;
  const std::string peer_;
  std::int64_t caller_ = 0;  // of the present request
  bool body_read_ = false;   // to its end, of the same
  beast::flat_buffer buffer_{kHeaderBytes + kChunkBytes};
};

class Registration : public LiveConnection {
 public:
  Registration(ServerContext& context, beast::tcp_stream& stream)
      : context_(context), stream_(&stream), alive_(std::make_shared<bool>(true)) {
    const std::lock_guard lock(context_.mutex);
    context_.live.insert(this);
    ++context_.open;
  }
  ~Registration() override {  // on the stream's executor
    *alive_ = false;
    const std::lock_guard lock(context_.mutex);
    context_.live.erase(this);
    --context_.open;
  }
  void Cancel() override {
    asio::post(stream_->get_executor(), [alive = alive_, stream = stream_] {
      if (*alive) stream->cancel();
    });
  }
  Registration(const Registration&) = delete;
  Registration& operator=(const Registration&) = delete;

 private:
  ServerContext& context_;
  beast::tcp_stream* stream_;
  std::shared_ptr<bool> alive_;  // shared with cancellations still queued when the stream goes
};

asio::awaitable<void> ServeTls(ServerContext& context, TlsStream& stream, LiveConnection& live,
                               std::string peer) {
  error_code error;
  ExpireAfter(stream, context.options.header_timeout_ns);
  co_await stream.async_handshake(asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return;
  Connection<TlsStream> connection(context, stream, live, std::move(peer));
  co_await connection.Serve();
  ExpireAfter(stream, base::kNanosPerSecond);
  co_await stream.async_shutdown(asio::redirect_error(asio::use_awaitable, error));
}

}  // namespace

asio::awaitable<void> ServeConnection(ServerContext& context, tcp::socket socket,
                                      std::shared_ptr<asio::ssl::context> tls,
                                      std::shared_ptr<void> place) {
  const std::shared_ptr<void> held = std::move(place);
  error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  if (error) co_return;
  socket.set_option(tcp::no_delay(true), error);
  const std::string peer = endpoint.address().to_string();
  if (tls != nullptr) {
    TlsStream stream(beast::tcp_stream(std::move(socket)), *tls);
    Registration registration(context, beast::get_lowest_layer(stream));
    co_await ServeTls(context, stream, registration, peer);
  } else {
    beast::tcp_stream stream(std::move(socket));
    Registration registration(context, stream);
    Connection<beast::tcp_stream> connection(context, stream, registration, peer);
    co_await connection.Serve();
    beast::get_lowest_layer(stream).socket().shutdown(tcp::socket::shutdown_send, error);
  }
}

}  // namespace tapiary::server
