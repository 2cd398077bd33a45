/// Where the figures come from: processor, kernel, compiler, and how busy the machine was with other things.
#pragma once

#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <sstream>
#include <string>

namespace carpool::compare {

/// The facts that stand beside every published figure.
struct Machine {
  std::string processor;
  std::size_t processors = 0;  ///< that this process may use
  std::string kernel;
  std::string compiler;
  bool optimised = false;
  std::string date;           ///< UTC, when the run began
  double load_average = 0;    ///< of the minute before the run
  double used_by_others = 0;  ///< share of all processors' time that other programs took during the run
};

namespace detail {

inline std::string processor_model() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const auto colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown processor";
}

inline std::size_t usable_processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return static_cast<std::size_t>(CPU_COUNT(&set));
}

inline std::string kernel_release() {
  utsname name{};
  return ::uname(&name) == 0 ? std::string(name.sysname) + " " + name.release : "unknown kernel";
}

inline std::string compiler_name() {
#if defined(__clang__)
  return std::string("clang ") + __clang_version__;
#else
  return std::string("g++ ") + __VERSION__;
#endif
}

inline constexpr bool built_with_optimisation() {
#if defined(__OPTIMIZE__)
  return true;
#else
  return false;
#endif
}

inline std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &parts);
  return text;
}

inline double load_average() {
  double minute = 0;
  return ::getloadavg(&minute, 1) == 1 ? minute : 0;
}

}  // namespace detail

/// All but used_by_others, which only the end of the run knows.
[[nodiscard]] inline Machine machine_facts() {
  return {.processor = detail::processor_model(),
          .processors = detail::usable_processors(),
          .kernel = detail::kernel_release(),
          .compiler = detail::compiler_name(),
          .optimised = detail::built_with_optimisation(),
          .date = detail::utc_now(),
          .load_average = detail::load_average(),
          .used_by_others = 0};
}

/// Processor time of the whole machine, to tell how much of it was not ours.
class MachineMeter {
 public:
  MachineMeter() : begin_(read()) {}

  /// The share of all processors' time since construction that went to other programs or other virtual machines.
  [[nodiscard]] double used_by_others() const {
    const Times now = read();
    const double all = now.all - begin_.all, foreign = (now.busy - begin_.busy) - (now.ours - begin_.ours);
    return all > 0 && foreign > 0 ? foreign / all : 0;
  }

 private:
  struct Times {
    double all = 0, busy = 0, ours = 0;
  };

  /// Sums the first line of /proc/stat: user nice system idle iowait irq softirq steal.
  static Times read() {
    std::ifstream file("/proc/stat");
    std::string word;
    file >> word;
    Times times;
    double ticks = 0;
    for (int field = 0; field < 8 && file >> ticks; ++field) {
      times.all += ticks;
      if (field != 3 && field != 4) times.busy += ticks;
    }
    timespec own{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &own);
    const auto per_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
    times.ours = (static_cast<double>(own.tv_sec) + static_cast<double>(own.tv_nsec) / 1e9) * per_second;
    return times;
  }

  Times begin_;
};

}  // namespace carpool::compare
