#include "uplink/sensor.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/text.h"
#include "capture/label/noise.h"
#include "capture/source/fanout.h"
#include "capture/source/live_filter.h"
#include "uplink/self_filter.h"

namespace tapiary::uplink {

namespace {

constexpr std::int64_t kDeliveryGraceNs = base::kNanosPerSecond;
constexpr std::int64_t kStoreGraceNs = base::kNanosPerSecond / 2;
constexpr std::int64_t kResolveLimitNs = base::kNanosPerSecond;

struct Uplink {
  std::optional<HostPort> host;        // none without an uplink
  std::vector<std::string> addresses;  // of the collector, as known at the start
  std::string filter;                  // the user's without the sensor's own uplink
  std::shared_ptr<capture::LiveFilter> live;
};

base::Result<Uplink> FindUplink(const SensorConfig& config) {
  Uplink uplink;
  uplink.filter = config.filter;
  if (!config.url.empty()) {
    TAPIARY_ASSIGN(uplink.host, UplinkHost(config.Forwarder().http));
    auto addresses = ResolveWithin(*uplink.host, kResolveLimitNs);
    if (addresses) {
      uplink.addresses = std::move(*addresses);
      uplink.filter = ExcludeUplink(config.filter, uplink.addresses, uplink.host->port);
    } else {
      // Capture matters more than the uplink, which cannot be reached without an address either.
      base::LogWarning("own uplink is not excluded from capture until its name has an address: {}",
                       addresses.error().message);
    }
  }
  uplink.live = std::make_shared<capture::LiveFilter>(uplink.filter);
  return uplink;
}

// Follows the collector to other addresses; null where it cannot have any.
std::unique_ptr<UplinkWatch> FollowUplink(const SensorConfig& config, const Uplink& uplink) {
  if (!uplink.host || !UplinkWatch::Needed(*uplink.host)) return nullptr;
  UplinkWatch::Options options;
  options.host = *uplink.host;
  options.user_filter = config.filter;
  options.addresses = uplink.addresses;
  // A connection outlives the answer that led to it.
  options.keep_ns = std::max(options.keep_ns, 2 * config.connection_age_ns);
  options.use = [live = uplink.live](std::string filter) { live->Set(std::move(filter)); };
  return std::make_unique<UplinkWatch>(std::move(options));
}

// As many sources as workers are configured, each with its part of the ring's memory.
std::vector<std::unique_ptr<capture::PacketSource>> ShareInterface(const SensorConfig& config,
                                                                   const std::string& interface,
                                                                   const Uplink& uplink) {
  capture::AfPacketOptions options;
  options.interface = interface;
  options.filter = uplink.filter;
  options.live_filter = uplink.live;
  options.ring_bytes = config.ring_bytes / config.workers;
  options.snap_length = static_cast<std::uint32_t>(config.snap_length);
  options.promiscuous = config.promiscuous;
  options.wait_for_interface = true;
  options.nic_time = config.NicTime();
  if (config.workers > 1) {
    options.fanout =
        std::make_shared<capture::FanoutGroup>(static_cast<std::uint32_t>(config.workers));
  }
  std::vector<std::unique_ptr<capture::PacketSource>> sources;
  for (std::int64_t i = 0; i < config.workers; ++i) {
    options.leads = i == 0;
    sources.push_back(capture::MakeAfPacketSource(options));
  }
  return sources;
}

// What a replayed file's interface is called, where the file does not say.
std::string NameOf(const std::string& file) {
  return file == "-" ? "stdin" : std::filesystem::path(file).filename().string();
}

base::Result<std::vector<std::unique_ptr<capture::PacketSource>>> MakeSources(
    const SensorConfig& config, const Uplink& uplink, Sensor::DpdkMaker dpdk) {
  std::vector<std::unique_ptr<capture::PacketSource>> sources;
  for (const std::string& file : config.files) {
    capture::PcapOptions options;
    options.path = file;
    options.name = NameOf(file);
    options.filter = config.filter;
    sources.push_back(capture::MakePcapSource(std::move(options)));
  }
  if (!config.files.empty()) return sources;
  for (const std::string& interface : config.interfaces) {
    for (auto& source : ShareInterface(config, interface, uplink)) {
      sources.push_back(std::move(source));
    }
  }
  if (config.dpdk.ports.empty()) return sources;
  if (dpdk == nullptr) {
    return base::MakeError(base::ErrorCode::kUnsupported, "dpdk.ports: this build is without DPDK");
  }
  capture::DpdkOptions options = config.Dpdk();
  options.filter = uplink.filter;
  options.live_filter = uplink.live;
  options.uplink_addresses = uplink.addresses;
  std::vector<std::unique_ptr<capture::PacketSource>> instead;
  std::vector<std::string> taken = config.interfaces;
  if (config.dpdk.fallback) {
    options.fall_back = [&](const std::string& interface) {
      if (std::ranges::find(taken, interface) != taken.end()) return false;
      taken.push_back(interface);
      for (auto& source : ShareInterface(config, interface, uplink)) {
        instead.push_back(std::move(source));
      }
      return true;
    };
  }
  for (auto& source : dpdk(options)) sources.push_back(std::move(source));
  for (auto& source : instead) sources.push_back(std::move(source));
  return sources;
}

base::Error InStep(const base::Error& error, std::string_view step) {
  return error.WithContext(step);
}

}  // namespace

struct Sensor::Impl {
  SensorConfig config;
  // In order of need; destroyed in reverse.
  std::unique_ptr<Spool> spool;
  std::unique_ptr<Forwarder> forwarder;  // null without uplink.url
  std::unique_ptr<capture::Engine> engine;
  std::unique_ptr<SpoolWriter> writer;
  std::unique_ptr<UplinkWatch> watch;  // null: nothing to follow

  [[nodiscard]] std::string UplinkState() const {
    return forwarder ? forwarder->status().state : "not configured";
  }
  void LogLedger() const;
};

// The account, in the log: what a person reads after the end.
void Sensor::Impl::LogLedger() const {
  for (const capture::LedgerRow& row : engine->Ledger()) {
    std::uint64_t lost = 0;
    std::string reasons;
    for (const auto& [reason, packets] : row.lost) {
      lost += packets;
      reasons += fmt::format(", {} {}", packets, reason);
    }
    base::LogInfo("{}: {} packets offered, {} recorded, {} filtered, {} lost{}",
                  base::EscapeBytes(row.interface), row.offered, row.recorded, row.filtered, lost,
                  reasons);
  }
}

Sensor::Sensor(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Sensor::~Sensor() = default;

base::Result<std::unique_ptr<Sensor>> Sensor::Start(const SensorConfig& config, DpdkMaker dpdk) {
  auto impl = std::make_unique<Impl>();
  impl->config = config;
  auto noise = capture::NoiseFilter::Load(config.noise_lists);
  if (!noise) return InStep(noise.error(), "noise");
  const auto uplink = config.files.empty() ? FindUplink(config) : Uplink();
  if (!uplink) return InStep(uplink.error(), "uplink");
  auto sources = MakeSources(config, *uplink, dpdk);
  if (!sources) return InStep(sources.error(), "capture");
  auto spool = Spool::Open(config.Spool());
  if (!spool) return InStep(spool.error(), "spool");
  impl->spool = std::move(*spool);
  if (!config.url.empty()) {
    auto forwarder = Forwarder::Make(config.Forwarder(), *impl->spool);
    if (!forwarder) {
      (void)impl->spool->Close();  // nothing was captured, so this is no unclean stop
      return InStep(forwarder.error(), "uplink");
    }
    impl->forwarder = std::move(*forwarder);
  }
  capture::EngineOptions engine = config.Engine(impl->spool->epoch());
  if (!config.noise_lists.empty()) engine.meter.noise = std::move(*noise);
  impl->engine = std::make_unique<capture::Engine>(std::move(engine), std::move(*sources));
  const Impl* inside = impl.get();
  impl->writer = std::make_unique<SpoolWriter>(config.Writer(), *impl->engine, *impl->spool,
                                               [inside] { return inside->UplinkState(); });
  const auto capturing = impl->engine->Start();
  if (!capturing) {
    (void)impl->spool->Close();
    return InStep(capturing.error(), "capture");
  }
  impl->watch = FollowUplink(config, *uplink);
  impl->writer->Start();
  if (impl->forwarder) impl->forwarder->Start();
  base::LogInfo("capturing; epoch {}, spool {}, uplink {}", impl->spool->epoch(), config.spool_path,
                config.url.empty() ? "none" : config.url);
  return std::unique_ptr<Sensor>(new Sensor(std::move(impl)));
}

base::Result<bool> Sensor::finished() const {
  if (!impl_->writer->drained()) return false;
  if (impl_->config.files.empty()) {
    std::string errors;
    for (const auto& worker : impl_->engine->status()) {
      errors += (errors.empty() ? "" : "; ") + worker.error;
    }
    return base::MakeError(base::ErrorCode::kUnavailable, "capture: " + errors);
  }
  if (!impl_->forwarder) return true;
  const Spool& spool = *impl_->spool;
  return !spool.Has(Kind::kFacts) && !spool.Has(Kind::kFlows) && !spool.Has(Kind::kPackets);
}

base::Result<> Sensor::Stop() {
  impl_->engine->Stop();
  const auto stored = impl_->writer->Stop(kStoreGraceNs);
  if (impl_->forwarder) impl_->forwarder->Stop(kDeliveryGraceNs);
  impl_->watch.reset();
  impl_->LogLedger();
  if (!stored) return InStep(stored.error(), "spool");
  const auto closed = impl_->spool->Close();
  if (!closed) return InStep(closed.error(), "spool");
  return {};
}

}  // namespace tapiary::uplink
