import { CatalogueScreen } from "../catalogue/catalogue-screen.tsx";
import { NotFoundScreen } from "../session/not-found-screen.tsx";
import { showCatalogue } from "../session/config.ts";

export default function Catalogue() {
  return showCatalogue ? <CatalogueScreen /> : <NotFoundScreen />;
}
