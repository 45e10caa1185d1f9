// BodyPlaces: places among the handlers that work on a body, read, or make the next piece of an
// answer, shared out fairly between callers.
//
// A request that finds all places taken waits, its body unread, and holds no thread. A freed place
// goes to the caller that had least of late (start-time fair queueing by bytes: Goyal, Vin, Cheng,
// SIGCOMM 1996). So a caller who storms waits behind himself, and not the others behind him
// (HP-04). Any thread. Internal to http/.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "server/http/beast.h"
#include "server/http/handler.h"

namespace tapiary::server {

class BodyPlaces {
 public:
  struct Options {
    int places = 1;
    int per_caller = 1;                    // running and waiting; more are refused with 429
    std::int64_t wait_ns = 5'000'000'000;  // then 503
  };
  explicit BodyPlaces(Options options) : options_(options) {}

  // A place, given back at its end; or a refusal.
  class Place {
   public:
    Place(BodyPlaces& places, std::int64_t caller) : places_(&places), caller_(caller) {}
    explicit Place(Response why) : refusal(std::move(why)) {}
    Place(Place&& other) noexcept
        : refusal(std::move(other.refusal)),
          places_(std::exchange(other.places_, nullptr)),
          caller_(other.caller_) {}
    Place& operator=(Place&&) = delete;
    ~Place() {
      if (places_ != nullptr) places_->GiveBack(caller_);
    }
    std::optional<Response> refusal;

   private:
    BodyPlaces* places_ = nullptr;
    std::int64_t caller_ = 0;
  };
  // `caller` is who pays, `bytes` what it costs him. Resumes on the caller's executor.
  asio::awaitable<Place> Take(std::int64_t caller, std::uint64_t bytes);
  // Ends all waiting with 503.
  void Stop();

 private:
  struct Waiter {
    std::int64_t caller = 0;
    double start = 0;                          // in virtual time
    std::shared_ptr<asio::steady_timer> wake;  // shared with the wake-up that is on its way
    bool granted = false;
  };
  struct Caller {
    int running = 0;
    int waiting = 0;
    double finish = 0;  // virtual time at which what it had so far is paid for
  };
  using Waiters = std::list<Waiter>;

  [[nodiscard]] double StartOf(std::int64_t caller, std::uint64_t bytes);
  void Run(std::int64_t caller, double start);
  void GiveBack(std::int64_t caller);
  void GrantNext();
  void Forget(std::int64_t caller);

  const Options options_;
  std::mutex mutex_;  // guards all below
  bool stopped_ = false;
  int running_ = 0;
  double now_ = 0;  // virtual time: bytes that the last one to start had had before it
  std::map<std::int64_t, Caller> callers_;
  Waiters waiters_;
};

}  // namespace tapiary::server
