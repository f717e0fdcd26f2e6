//! The eConnect document language: model, reader, writer and catalogue.
