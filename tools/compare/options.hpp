/// The command line of carpool-compare, read and checked.
#pragma once

#include "endpoint.hpp"
#include "selection.hpp"
#include "time_option.hpp"
#include "workload.hpp"

#include <CLI/CLI.hpp>

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace carpool::compare {

/// What the user asked for.
struct Options {
  Workload workload;
  Selection selection;
  std::optional<Endpoint> url;  ///< none: the embedded server
  std::string html = "carpool-compare.html";
  std::string json = "carpool-compare.json";
  std::string svg_folder;  ///< empty: the charts stand in the HTML report alone
  bool sweep = true;       ///< look for the size of pool that is enough
  bool watch = false;      ///< serve the admin page meanwhile
  bool quiet = false;
  bool ascii = false;
  bool list = false;
};

namespace detail {

/// The texts as they stand on the command line, by option name; absent ones were not given.
struct RawOptions {
  std::map<std::string, std::string> values;
  std::vector<std::string> only;
  bool no_sweep = false;
};

[[noreturn]] inline void refuse(const std::string& option, const std::string& text, const std::string& bound) {
  throw UsageError(option + " '" + text + "': must be " + bound);
}

inline std::size_t parse_count(const std::string& option, const std::string& text, std::size_t low, std::size_t high) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  if (!whole || value < low || value > high) {
    refuse(option, text, "a whole number from " + std::to_string(low) + " to " + std::to_string(high));
  }
  return value;
}

inline double parse_seconds(const std::string& option, const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  const bool whole = end != text.c_str() && *end == '\0' && std::isfinite(value);
  if (!whole || value < 0.05 || value > 3600) refuse(option, text, "a number of seconds from 0.05 to 3600");
  return value;
}

inline Scenario parse_scenario(const RawOptions& raw) {
  const auto given = raw.values.find("--scenario");
  if (given == raw.values.end()) return Scenario::steady;
  const auto scenario = find_kind<Scenario>(given->second);
  if (!scenario) refuse("--scenario", given->second, "one of " + list_names<Scenario>());
  return *scenario;
}

/// The most workers, connections or rounds: beyond, a machine runs out of threads or descriptors, not of ideas.
inline constexpr std::size_t most_workers = 4096;

inline void apply_counts(const RawOptions& raw, Workload& workload) {
  const auto read = [&raw](const char* option, std::size_t low, std::size_t high, std::size_t& field) {
    const auto given = raw.values.find(option);
    if (given != raw.values.end()) field = parse_count(option, given->second, low, high);
  };
  read("--workers", 1, most_workers, workload.workers);
  read("--pool-size", 1, most_workers, workload.pool_size);
  read("--request-size", 1, 65536, workload.request_size);
  read("--discard-every", 1, 1'000'000, workload.discard_every);
  read("--rounds", 1, 101, workload.rounds);
  workload.min_idle = std::min(workload.min_idle, workload.pool_size);
  read("--min-idle", 0, workload.pool_size, workload.min_idle);
}

inline void apply_times(const RawOptions& raw, Workload& workload) {
  const auto read = [&raw](const char* option, Duration& field) {
    const auto given = raw.values.find(option);
    if (given != raw.values.end()) field = parse_time(option, given->second);
  };
  read("--think-time", workload.think_time);
  read("--work-time", workload.work_time);
  read("--connect-delay", workload.connect_delay);
  const auto seconds = raw.values.find("--seconds");
  if (seconds != raw.values.end()) workload.seconds = parse_seconds("--seconds", seconds->second);
}

inline void refuse_contradictions(const Options& options) {
  if (options.url && options.workload.scenario == Scenario::outage) {
    throw UsageError("--scenario outage: must be without --url, because only the embedded server can be stopped");
  }
}

inline Options digest(const RawOptions& raw, Options options) {
  options.workload = defaults_for(parse_scenario(raw));
  apply_counts(raw, options.workload);
  apply_times(raw, options.workload);
  for (const auto& only : raw.only) select_only(options.selection, only);
  options.selection = with_defaults(std::move(options.selection));
  const auto url = raw.values.find("--url");
  if (url != raw.values.end()) options.url = Endpoint::parse(url->second);
  options.sweep = !raw.no_sweep && options.workload.scenario == Scenario::steady;
  refuse_contradictions(options);
  return options;
}

inline void declare_workload(CLI::App& app, RawOptions& raw) {
  const auto value = [&app, &raw](const std::string& name, const std::string& meaning, const char* type) {
    app.add_option_function<std::string>(
           name, [&raw, name](const std::string& text) { raw.values[name] = text; }, meaning)
        ->type_name(type)
        ->group("Workload");
  };
  value("--scenario", "steady (default), spike, outage, churn", "NAME");
  value("--workers", "how many ask for connections (32; spike: 50)", "N");
  value("--pool-size", "connections at once (8; spike: 50)", "N");
  value("--min-idle", "connections kept ready (0; spike: 5)", "N");
  value("--request-size", "bytes per request, echoed (128)", "BYTES");
  value("--think-time", "a worker's pause between requests (0us)", "TIME");
  value("--work-time", "added to each round trip (0us; spike: 2ms)", "TIME");
  value("--connect-delay", "added to every connect (0us; spike: 150ms)", "TIME");
  value("--discard-every", "discard every N-th lease (churn: 10)", "N");
  value("--seconds", "measured per combination (2; outage: 3)", "S");
  value("--rounds", "turns per combination (5; spike: 3, outage: 1)", "N");
  value("--url", "your server, by a scheme that --list names", "URL");
}

inline void declare_rest(CLI::App& app, RawOptions& raw, Options& options) {
  app.add_option("--only", raw.only, "e.g. backend=fiber,thread,queue=lifo; repeatable")
      ->type_name("LIST")
      ->allow_extra_args(false)
      ->group("Choice");
  app.add_flag("--no-sweep", raw.no_sweep, "do not try other sizes of pool")->group("Choice");
  app.add_flag("--list", options.list, "list backends, queues, evictions, scenarios")->group("Choice");
  app.add_option("--html", options.html, "the report (carpool-compare.html)")->type_name("FILE")->group("Output");
  app.add_option("--json", options.json, "the figures (carpool-compare.json)")->type_name("FILE")->group("Output");
  app.add_option("--svg", options.svg_folder, "also write each chart here")->type_name("FOLDER")->group("Output");
  app.add_flag("--watch", options.watch, "a page with the pools, live: prints its URL")->group("Output");
  app.add_flag("--quiet", options.quiet, "no progress, no table: only what to conclude")->group("Output");
  app.add_flag("--ascii", options.ascii, "nothing beyond ASCII on the terminal")->group("Output");
}

/// The script ./run builds the tool, starts a server where one is wanted, and says by the environment that it was the
/// one that was called. Its help is this tool's, kept in help.txt, so that it can answer without building.
inline bool called_by_run() { return std::getenv("CARPOOL_RUN") != nullptr; }

inline void declare_server(CLI::App& app) {
  const auto refuse_server = [](const std::string&) {
    throw UsageError("--server: must be given to ./run, which starts servers; here --url names one that is running");
  };
  app.add_option_function<std::string>("--server", refuse_server, "./run only: a real redis, mariadb, postgres, nginx")
      ->type_name("KIND")
      ->group("Workload");
}

/// CLI11's own messages may have several lines; the user gets the first.
inline std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace detail

/// Either what to do, or a text (help) to print and end with. Throws UsageError.
[[nodiscard]] inline std::variant<Options, std::string> parse_options(std::vector<std::string> arguments) {
  CLI::App app("Runs one workload under many combinations of policies; says which to choose.",
               detail::called_by_run() ? "./run" : "carpool-compare");
  detail::RawOptions raw;
  Options options;
  detail::declare_workload(app, raw);
  detail::declare_server(app);
  detail::declare_rest(app, raw, options);
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());  // the order that CLI11 wants
  try {
    app.parse(reversed);
  } catch (const CLI::CallForHelp&) {
    return app.help();
  } catch (const CLI::ParseError& error) {
    throw UsageError(detail::first_line(error.what()) + " (--help lists the options)");
  }
  return detail::digest(raw, std::move(options));
}

}  // namespace carpool::compare
