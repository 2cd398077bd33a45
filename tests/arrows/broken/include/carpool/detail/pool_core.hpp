template <class Types>
class PoolCore;
