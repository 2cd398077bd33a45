/// Certificates for tests, made on the spot: an authority, those it signs, and some that nobody should accept.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

/// A temporary folder of <name>.pem and <name>.key: ca, server (localhost and the loopback addresses), other (for
/// another host), expired, client; and alone (self-signed). One set serves a whole test program.
class TlsCertificates {
 public:
  [[nodiscard]] static const TlsCertificates& shared() {
    static const TlsCertificates made;
    return made;
  }
  TlsCertificates(const TlsCertificates&) = delete;
  TlsCertificates& operator=(const TlsCertificates&) = delete;
  ~TlsCertificates() { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string folder() const { return folder_; }
  [[nodiscard]] std::string certificate(const std::string& name) const { return folder_ + '/' + name + ".pem"; }
  [[nodiscard]] std::string key(const std::string& name) const { return folder_ + '/' + name + ".key"; }

 private:
  using Key = std::unique_ptr<EVP_PKEY, decltype(&::EVP_PKEY_free)>;
  using Certificate = std::unique_ptr<X509, decltype(&::X509_free)>;
  using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;
  static constexpr long year = 365L * 24 * 3600;

  TlsCertificates() : folder_(make_folder()), authority_key_(new_key()), authority_(X509_new(), ::X509_free) {
    const std::string here = "DNS:localhost,IP:127.0.0.1,IP:::1";
    fill(*authority_, *authority_key_, "The tests' authority", year);
    add(*authority_, NID_basic_constraints, "critical,CA:TRUE");
    sign(*authority_, *authority_, *authority_key_);
    save("ca", *authority_, *authority_key_);
    issue("server", here, year);
    issue("other", "DNS:other.example", year);
    issue("expired", here, -year);
    issue("client", "DNS:client.example", year);
    const Key key = new_key();
    const Certificate alone(X509_new(), ::X509_free);
    fill(*alone, *key, "alone", year);
    add(*alone, NID_subject_alt_name, here);
    sign(*alone, *alone, *key);
    save("alone", *alone, *key);
  }

  static std::string make_folder() {
    std::string path = std::filesystem::temp_directory_path() / "carpool_tls_XXXXXX";
    if (::mkdtemp(path.data()) == nullptr) throw std::runtime_error("no temporary folder");
    return path;
  }

  static Key new_key() { return {EVP_EC_gen("P-256"), ::EVP_PKEY_free}; }

  /// Valid from two years ago until so many seconds from now.
  static void fill(X509& certificate, EVP_PKEY& key, const std::string& name, long until) {
    static long serial = 1;
    ::X509_set_version(&certificate, 2);
    ::ASN1_INTEGER_set(::X509_get_serialNumber(&certificate), serial++);
    ::X509_gmtime_adj(X509_getm_notBefore(&certificate), -2 * year);
    ::X509_gmtime_adj(X509_getm_notAfter(&certificate), until);
    ::X509_set_pubkey(&certificate, &key);
    ::X509_NAME_add_entry_by_txt(::X509_get_subject_name(&certificate), "CN", MBSTRING_ASC,
                                 reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  }
  static void add(X509& certificate, int kind, const std::string& value) {
    X509_EXTENSION* extension = ::X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
    ::X509_add_ext(&certificate, extension, -1);
    ::X509_EXTENSION_free(extension);
  }
  static void sign(X509& certificate, X509& issuer, EVP_PKEY& key) {
    ::X509_set_issuer_name(&certificate, ::X509_get_subject_name(&issuer));
    ::X509_sign(&certificate, &key, ::EVP_sha256());
  }

  void issue(const std::string& name, const std::string& alternatives, long until) const {
    const Key key = new_key();
    const Certificate certificate(X509_new(), ::X509_free);
    fill(*certificate, *key, name, until);
    add(*certificate, NID_subject_alt_name, alternatives);
    sign(*certificate, *authority_, *authority_key_);
    save(name, *certificate, *key);
  }
  void save(const std::string& name, X509& certificate, EVP_PKEY& secret) const {
    const File to(std::fopen(this->certificate(name).c_str(), "w"), std::fclose);
    ::PEM_write_X509(to.get(), &certificate);
    const File key_to(std::fopen(key(name).c_str(), "w"), std::fclose);
    ::PEM_write_PrivateKey(key_to.get(), &secret, nullptr, nullptr, 0, nullptr, nullptr);
  }

  const std::string folder_;
  Key authority_key_;
  Certificate authority_;
};
