/// carpool-compare: which pool policies suit a workload, and what size of pool is enough.
#include "comparison.hpp"
#include "html_report.hpp"
#include "json_report.hpp"
#include "options.hpp"
#include "preflight.hpp"
#include "table.hpp"
#include "watch.hpp"

#include <sys/prctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace carpool::compare {
namespace {

void print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

template <class Kind>
std::string list_axis(std::string_view axis) {
  std::string text = std::string(axis) + "\n";
  for (const auto& entry : names_of(Kind{}))
    text += wrap(entry.meaning, 78, fmt::format("  {:<13}", entry.name), std::string(15, ' '));
  return text;
}

std::string list_protocols() {
  std::string text = "url\n";
  for (const auto& one : protocols()) text += fmt::format("  {:<42} {}\n", one.example, one.request);
  return text;
}

std::string list_everything() {
  return list_axis<BackendKind>("backend") + list_axis<QueueKind>("queue") + list_axis<EvictionKind>("eviction") +
         list_axis<Scenario>("scenario") + list_protocols();
}

bool wants_ascii(const Options& options) {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    const std::string_view locale = value;
    return options.ascii ||
           (locale.find("UTF-8") == std::string_view::npos && locale.find("utf8") == std::string_view::npos);
  }
  return true;
}

TerminalStyle style_for(const Options& options) {
  const char* no_color = std::getenv("NO_COLOR");
  const bool colourless = no_color != nullptr && *no_color != '\0';
  return {wants_ascii(options) ? Charset::ascii : Charset::unicode, ::isatty(STDOUT_FILENO) == 1 && !colourless};
}

void write_file(const std::string& path, const std::string& content) {
  std::ofstream file(path, std::ios::binary);
  file << content;
  if (!file.flush()) throw RunFailure("cannot write " + path);
}

void write_reports(const Options& options, const Results& results) {
  write_file(options.html, html_report(results));
  write_file(options.json, json_report(results));
  if (options.svg_folder.empty()) return;
  std::filesystem::create_directories(options.svg_folder);
  for (const auto& chart : charts_of(results)) {
    write_file((std::filesystem::path(options.svg_folder) / (chart.name + ".svg")).string(),
               standalone_svg(chart.svg, chart.title, chart.caption));
  }
}

std::string describe(const Workload& w, const std::string& server, Charset charset) {
  const auto time = [charset](Duration length) { return human_time(static_cast<double>(length.count()), charset); };
  auto text = fmt::format("{}: {} workers on a pool of {}, {}-byte requests", name_of(w.scenario), w.workers,
                          w.pool_size, w.request_size);
  if (w.think_time > Duration::zero()) text += ", think time " + time(w.think_time);
  if (w.work_time > Duration::zero()) text += ", work time " + time(w.work_time);
  if (w.connect_delay > Duration::zero()) text += ", connect delay " + time(w.connect_delay);
  if (w.discard_every > 0) text += fmt::format(", every {}-th lease discarded", w.discard_every);
  return text + "; " + server;
}

void print_conclusions(const Options& options, const Results& results, TerminalStyle style) {
  if (!options.quiet) {
    print("\n" + wrap(describe(results.workload, results.server, style.charset), 80, "", "  "));
    print("\n" + results_table(results, style) + "\n");
  }
  for (const auto& sentence : advise(results, style.charset)) print(wrap(sentence, 80, "- ", "  "));
  print(fmt::format("Report: {}\nFigures: {}\n", options.html, options.json));
}

/// A combination that served nobody fails the run although there is a report.
void fail_if_broken(const Results& results) {
  for (const auto& row : results.rows) {
    if (row.requests == 0)
      throw RunFailure(to_string(row.combination) + ": served nobody; " + row.failures.first_message);
  }
}

void compare(const Options& options) {
  const TerminalStyle style = style_for(options);
  check_writable("--html", options.html);
  check_writable("--json", options.json);
  check_descriptors(options);
  const auto watch = options.watch ? open_watch() : nullptr;
  if (options.url) check_server(*options.url, options.workload.request_size);
  std::optional<EchoServer> embedded;
  if (!options.url) embedded.emplace();
  const Endpoint endpoint =
      options.url ? *options.url : Endpoint::parse("tcp://127.0.0.1:" + std::to_string(embedded->port()));
  // Sleeps of microseconds must not be rounded up by 50 of them, the kernel's default; threads inherit it.
  ::prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  Progress progress(stderr, !options.quiet && ::isatty(STDERR_FILENO) == 1, style.charset);
  Comparison comparison(options, endpoint, embedded ? &*embedded : nullptr, progress);
  if (!options.quiet) {
    const auto count = combinations_of(options.selection).size();
    std::fprintf(stderr, "Measuring %zu combination%s, about %s min\n", count, count == 1 ? "" : "s",
                 clock_time(comparison.expected_seconds()).c_str());
  }
  const Results results = comparison.run();
  write_reports(options, results);
  print_conclusions(options, results, style);
  fail_if_broken(results);
}

int run(const std::vector<std::string>& arguments) {
  const auto parsed = parse_options(arguments);
  if (const auto* help = std::get_if<std::string>(&parsed)) return print(*help), EXIT_SUCCESS;
  const auto& options = std::get<Options>(parsed);
  if (options.list) return print(list_everything()), EXIT_SUCCESS;
  compare(options);
  return EXIT_SUCCESS;
}

int complain(const std::exception& error, int exit_code) {
  std::fprintf(stderr, "carpool-compare: %s\n", error.what());
  return exit_code;
}

}  // namespace
}  // namespace carpool::compare

int main(int argc, char** argv) {
  using namespace carpool::compare;
  try {
    return run({argv + 1, argv + argc});
  } catch (const UsageError& error) {
    return complain(error, UsageError::exit_code);
  } catch (const std::exception& error) {
    return complain(error, RunFailure::exit_code);
  }
}
