import { useEffect, useState } from "react";
import { CatalogueScreen } from "../catalogue/catalogue-screen.tsx";
import { NotFoundScreen } from "../session/not-found-screen.tsx";
import { showCatalogue } from "../session/config.ts";

export default function Catalogue() {
  // Its examples depend on the window, which the static page does not know.
  const [alive, setAlive] = useState(false);
  useEffect(() => setAlive(true), []);
  if (!showCatalogue) return <NotFoundScreen />;
  return alive ? <CatalogueScreen /> : null;
}
