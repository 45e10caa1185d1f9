#include "cli/verify.h"

#include <fmt/core.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <memory>

#include "base/clock.h"
#include "base/text.h"
#include "cli/table.h"
#include "server/collector_config.h"
#include "server/evidence/verify.h"
#include "server/evidence/verify_case.h"
#include "server/ingest/sweeper.h"

namespace tapiary::cli {
namespace {

struct Options {
  std::string archive;
  std::string key;
  std::string config;
  std::string data;
  std::string sensor;
  std::string grace = "24h";
  bool quick = false;
  Format format = Format::kTable;
};

base::Result<server::CollectorOptions> ReadConfig(const Options& options) {
  server::CollectorConfig config;
  base::ConfigTable table("tapiary verify", "");
  server::AddRows(table, config);
  std::vector<const char*> arguments{"tapiary verify"};
  if (!options.config.empty()) {
    arguments.insert(arguments.end(), {"--config", options.config.c_str()});
  }
  if (!options.data.empty()) arguments.insert(arguments.end(), {"--data", options.data.c_str()});
  TAPIARY_TRY(table.Parse(static_cast<int>(arguments.size()), arguments.data()));
  return server::Complete(config);
}

struct Stores {
  std::unique_ptr<server::Catalog> catalog;
  std::unique_ptr<server::Vault> vault;
  std::string tag;
};

// What is not there is not made: that is no collector's data.
base::Result<> MustExist(const std::string& path) {
  if (access(path.c_str(), F_OK) == 0) return {};
  return base::MakeError(base::ErrorCode::kNotFound,
                         path + " does not exist: give the collector's --config or --data");
}

base::Result<Stores> OpenStores(const server::CollectorOptions& options) {
  Stores stores;
  server::CatalogOptions catalog;
  catalog.path = options.catalog_path;
  catalog.url = options.catalog_url;
  catalog.password_file = options.catalog_password_file;
  catalog.readers = 2;
  catalog.writers = 1;
  if (catalog.url.empty()) TAPIARY_TRY(MustExist(catalog.path));
  TAPIARY_ASSIGN(stores.catalog, server::Catalog::Open(catalog));
  TAPIARY_ASSIGN(stores.tag, server::CatalogTag(*stores.catalog));
  if (options.s3.endpoint.empty()) {
    TAPIARY_TRY(MustExist(options.vault_path));
    TAPIARY_ASSIGN(stores.vault, server::OpenFileVault(options.vault_path, stores.tag));
    return stores;
  }
  server::S3Options s3 = options.s3;
  s3.tag = stores.tag;
  TAPIARY_ASSIGN(stores.vault, server::OpenS3Vault(s3));
  return stores;
}

// Findings go out as they are found: there may be as many as items.
class Printer {
 public:
  explicit Printer(Format format) : format_(format) {
    if (format_ == Format::kJson) std::fputs("{\"findings\": [", stdout);
  }
  void Print(const server::Finding& finding) {
    Table table({"code", "sensor", "item", "text"});
    table.Add({std::string(ToString(finding.code)), finding.sensor, finding.item, finding.text});
    std::string text = table.ToText(format_ == Format::kJson ? Format::kNdjson : format_);
    const bool has_header = format_ == Format::kTable || format_ == Format::kCsv;
    if (has_header && !first_) text.erase(0, text.find('\n') + 1);
    if (format_ == Format::kJson) {
      while (!text.empty() && text.back() == '\n') text.pop_back();
      text = (first_ ? "\n" : ",\n") + text;
    }
    first_ = false;
    std::fputs(text.c_str(), stdout);
  }
  void End(const server::CaseCounts& counts) {
    if (format_ == Format::kJson) {
      fmt::print(
          "],\n\"counts\": {{\"members\": {}, \"bytes\": {}, \"statements\": {}, \"findings\": {}, "
          "\"missing_parts\": {}}},\n\"key\": \"{}\", \"key_known\": {}}}\n",
          counts.members, counts.bytes, counts.statements, counts.findings, counts.missing_parts,
          counts.key, counts.key_known);
    }
    std::fflush(stdout);
  }
  void End(const server::VerifyCounts& counts) {
    if (format_ == Format::kJson) fmt::print("],\n\"counts\": {}}}\n", CountsJson(counts));
    std::fflush(stdout);
  }

 private:
  static std::string CountsJson(const server::VerifyCounts& counts) {
    return fmt::format(
        R"({{"items": {}, "bytes": {}, "signed_facts": {}, "told": {}, "untold": {}, )"
        R"("dropped": {}, "waiting": {}, "removed": {}, "undigested": {}, "findings": {}}})",
        counts.items, counts.bytes, counts.signed_facts, counts.told, counts.untold, counts.dropped,
        counts.waiting, counts.removed, counts.undigested, counts.findings);
  }

  const Format format_;
  bool first_ = true;
};

// A line on a terminal's stderr, from 2 s on.
class Bar {
 public:
  bool Show(std::uint64_t done, std::uint64_t total) {
    const std::int64_t now_ns = base::SteadyNow();
    if (!terminal_ || now_ns < next_ns_) return true;
    next_ns_ = now_ns + 200 * base::kNanosPerMilli;
    shown_ = true;
    const std::uint64_t percent =
        total == 0 ? 100 : std::min<std::uint64_t>(done * 100 / total, 100);
    constexpr std::size_t kWidth = 40;
    const std::size_t filled = percent * kWidth / 100;
    fmt::print(stderr, "\r[{}{}] {:3}%", std::string(filled, '#'),
               std::string(kWidth - filled, ' '), percent);
    std::fflush(stderr);
    return true;
  }
  void Clear() {
    if (shown_) std::fputs("\r\x1b[K", stderr);
    shown_ = false;
  }

 private:
  const bool terminal_ = isatty(STDERR_FILENO) == 1;
  bool shown_ = false;
  std::int64_t next_ns_ = base::SteadyNow() + 2 * base::kNanosPerSecond;
};

void PrintSummary(const server::VerifyCounts& counts) {
  fmt::print(stderr,
             "{} items, {} read; {} named by {} signed facts, {} not named yet, {} dropped by "
             "their sensor, {} still to come, {} removed by retention; {} findings\n",
             counts.items, base::FormatSize(counts.bytes), counts.told, counts.signed_facts,
             counts.untold, counts.dropped, counts.waiting, counts.removed, counts.findings);
  if (counts.undigested == 0) return;
  fmt::print(stderr,
             "{} uploaded segments have no digest, of an older version: a forgery that fits "
             "its checksums is not seen in them\n",
             counts.undigested);
}

base::Result<ExitCode> Verify(const Options& options) {
  server::VerifyOptions verify;
  auto grace_ns = base::ParseDuration(options.grace);
  if (!grace_ns) return grace_ns.error().WithContext("--grace");
  verify.grace_ns = *grace_ns;
  verify.sensor = options.sensor;
  verify.objects = !options.quick;
  TAPIARY_ASSIGN(const auto collector, ReadConfig(options));
  TAPIARY_ASSIGN(const Stores stores, OpenStores(collector));
  verify.tag = stores.tag;
  verify.orphan_age_ns = collector.orphan_age_ns;
  Printer printer(options.format);
  Bar bar;
  server::VerifyVisitor visitor;
  visitor.finding = [&](const server::Finding& finding) {
    bar.Clear();
    printer.Print(finding);
  };
  visitor.progress = [&bar](std::uint64_t done, std::uint64_t total) {
    return bar.Show(done, total);
  };
  const auto counts = server::VerifyStore(*stores.catalog, *stores.vault, verify, visitor);
  bar.Clear();
  if (!counts) return counts.error();
  printer.End(*counts);
  PrintSummary(*counts);
  if (std::ferror(stdout) != 0) {
    return base::MakeError(base::ErrorCode::kIo, "cannot write to stdout");
  }
  return counts->findings == 0 ? ExitCode::kOk : ExitCode::kFailed;
}

// A case's archive needs no collector.
base::Result<ExitCode> VerifyArchive(const Options& options) {
  constexpr std::size_t kKeyDigits = 64;
  const auto key = base::FromHex(options.key);
  if (!key || (!options.key.empty() && options.key.size() != kKeyDigits)) {
    return base::MakeError(base::ErrorCode::kInvalid,
                           "--key: 64 hex digits, as tapiary verify and tapiary case print them");
  }
  Printer printer(options.format);
  Bar bar;
  server::VerifyVisitor visitor;
  visitor.finding = [&](const server::Finding& finding) {
    bar.Clear();
    printer.Print(finding);
  };
  visitor.progress = [&bar](std::uint64_t done, std::uint64_t total) {
    return bar.Show(done, total);
  };
  const auto counts = server::VerifyCase(options.archive, {base::ToHex(*key)}, visitor);
  bar.Clear();
  if (!counts) return counts.error();
  printer.End(*counts);
  fmt::print(stderr,
             "{} members, {}, {} statements of completeness; made {} by {}; {} findings\n"
             "signed with the key {}{}\n",
             counts->members, base::FormatSize(counts->bytes), counts->statements, counts->made,
             counts->by, counts->findings, counts->key,
             !options.key.empty() ? "" : ": is it your collector's? Give it with --key");
  TellMissingParts(*counts);
  return counts->findings == 0 ? ExitCode::kOk : ExitCode::kFailed;
}

}  // namespace

void TellMissingParts(const server::CaseCounts& counts) {
  if (counts.missing_parts == 0) return;
  fmt::print(stderr,
             "capture.pcapng is not whole: packets were missing at the collector, {} times; its "
             "comments say which\n",
             counts.missing_parts);
}

void ConfigureVerify(CLI::App& app, Run* run) {
  const auto options = std::make_shared<Options>();
  app.add_option("ARCHIVE", options->archive, "a case (tapiary case); without one: a collector");
  app.add_option("--key", options->key, "of a case: the collector's public key in hex");
  app.add_option("--config", options->config, "the collector's configuration file");
  app.add_option("--data", options->data, "the collector's data folder, without a file");
  app.add_option("--sensor", options->sensor, "this one alone");
  app.add_flag("--quick", options->quick, "look at the sizes of packets, not into them");
  app.add_option("--grace", options->grace,
                 "how long items may be on their way, or wait for the facts that name them")
      ->capture_default_str();
  AddFormatOption(app, &options->format);
  *run = [options] {
    return options->archive.empty() ? Verify(*options) : VerifyArchive(*options);
  };
}

}  // namespace tapiary::cli
