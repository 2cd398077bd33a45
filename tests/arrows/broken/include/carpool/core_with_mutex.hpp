#include <mutex>
inline std::mutex wakes_nobody;
