//! Links the addon, and tells it by which profile it is built.

fn main() {
    napi_build::setup();
    // target/[TRIPLE/]PROFILE/build/PACKAGE/out: Cargo tells the profile's name in no other way.
    let out = std::path::PathBuf::from(std::env::var_os("OUT_DIR").unwrap_or_default());
    let profile = out.ancestors().nth(3).and_then(|folder| folder.file_name());
    let profile = profile.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    println!("cargo:rustc-env=FOURSEVEN_PROFILE={profile}");
}
