#include <random>
inline std::random_device chance;
