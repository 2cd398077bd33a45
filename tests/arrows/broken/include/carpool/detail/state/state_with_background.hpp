#include <carpool/detail/background/background_with_acquire.hpp>
