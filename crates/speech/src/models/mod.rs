//! Where models lie on disk, how they are checked, and how they are fetched.
