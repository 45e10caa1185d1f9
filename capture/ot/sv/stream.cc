#include "capture/ot/sv/stream.h"

#include <algorithm>

namespace tapiary::capture::sv {
namespace {

// Further back than this the counter did not start again, it was set back.
constexpr unsigned kMaxLossAtWrap = 256;

}  // namespace

bool SvStream::Is(std::uint16_t app, base::Bytes id) const {
  return appid == app && std::equal(id.begin(), id.end(), sv_id.begin(), sv_id.end(),
                                    [](std::uint8_t byte, char character) {
                                      return byte == static_cast<std::uint8_t>(character);
                                    });
}

void SvStream::Count(std::uint16_t next) {
  const unsigned expected = smp_cnt + 1u;
  if (next == expected) return;
  if (next == smp_cnt) {
    ++interval.duplicates;
    return;
  }
  if (next > expected) {
    ++interval.gaps;
    interval.missing += next - expected;
    return;
  }
  // It went down: a new turn when it is near 0 now and, once known, was near the end.
  const bool near_end = wrap_ == 0 || (expected <= wrap_ && wrap_ - expected < kMaxLossAtWrap);
  if (next >= kMaxLossAtWrap || !near_end) {
    ++interval.backward;
    return;
  }
  const unsigned lost = next + (wrap_ == 0 ? 0 : wrap_ - expected);
  if (lost != 0) {
    ++interval.gaps;
    interval.missing += lost;
  }
  if (next == 0) wrap_ = std::max(wrap_, expected);
}

Event SvStream::OnAsdu(const Asdu& asdu, bool now_simulated, std::int64_t now_ns,
                       std::vector<std::string_view>& names) {
  if (interval.asdus++ == 0) {
    interval.start_ns = now_ns;
    interval.first_smp_cnt = asdu.smp_cnt;
  }
  Event event = Event::kNone;
  if (!known_) {
    event = Event::kFirst;
    known_ = true;
  } else {
    Count(asdu.smp_cnt);
    if (asdu.conf_rev != conf_rev) names.push_back("sv-confrev-change");
    if (asdu.smp_synch < smp_synch) names.push_back("sv-synchronisation-lost");
    const bool other = !names.empty() || asdu.smp_synch != smp_synch || now_simulated != simulated;
    if (other) event = Event::kConfiguration;
  }
  if (event != Event::kNone && now_simulated) names.push_back("sv-simulation");
  smp_cnt = asdu.smp_cnt;
  conf_rev = asdu.conf_rev;
  smp_synch = asdu.smp_synch;
  simulated = now_simulated;
  last_ns = now_ns;
  return event;
}

}  // namespace tapiary::capture::sv
