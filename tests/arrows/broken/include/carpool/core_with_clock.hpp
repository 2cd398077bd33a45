#include <chrono>
inline auto moment() { return std::chrono::steady_clock::now(); }
