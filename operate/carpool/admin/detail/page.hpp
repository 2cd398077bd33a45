/// The page: its frame, and what a browser is told to allow it.
#pragma once

#include <carpool/admin/detail/page_charts.hpp>
#include <carpool/admin/detail/page_script.hpp>
#include <carpool/admin/detail/page_style.hpp>

#include <random>
#include <string>
#include <string_view>

namespace carpool::inline v0_1::detail {

/// 128 bits that nobody can guess, in hexadecimal. Throws std::exception where the system gives no random numbers.
[[nodiscard]] inline std::string make_nonce() {
  constexpr std::string_view digits = "0123456789abcdef";
  std::random_device random;  // getrandom(2), or the processor's
  std::string nonce;
  for (int word = 0; word < 4; ++word) {
    unsigned bits = random();
    for (int digit = 0; digit < 8; ++digit, bits >>= 4U) nonce += digits[bits & 15U];
  }
  return nonce;
}

/// Content-Security-Policy: nothing but the page's own script and style runs, it talks to its own server alone, and no
/// other page may frame it.
[[nodiscard]] inline std::string page_policy(const std::string& nonce) {
  return "default-src 'none'; script-src 'nonce-" + nonce + "'; style-src 'nonce-" + nonce +
         "'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
}

/// Static but for the nonce: what pools tell comes as JSON, and the script puts it into the page as text.
[[nodiscard]] inline std::string admin_page(const std::string& nonce) {
  std::string page = R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>carpool</title>
<link rel="icon" href="data:,">
)";
  page += "<style nonce=\"" + nonce + "\">" + std::string(page_style) + "</style>\n</head>\n";
  page += R"(<body>
<header>
<h1>Connection pools</h1>
<p id="summary" role="status">Asking for figures ...</p>
<input id="filter" type="search" placeholder="Filter by name" aria-label="Filter by name" hidden>
<form id="unlock" hidden autocomplete="off">
<input id="token" type="password" placeholder="Steering token" aria-label="Steering token" autocomplete="off">
<button>Steer</button>
</form>
</header>
<p id="trouble" role="alert" hidden></p>
<main id="pools"></main>
<noscript><p>The figures need JavaScript; without it there is <a href="pools.json">/pools.json</a>.</p></noscript>
)";
  page += "<script nonce=\"" + nonce + "\">" + std::string(page_chart_script) + std::string(page_script) +
          "</script>\n</body>\n</html>\n";
  return page;
}

}  // namespace carpool::inline v0_1::detail
